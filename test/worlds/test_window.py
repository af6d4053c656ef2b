"""The window shows the table, and whoever has something to show never waits for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import ImageGrab

from osil.core import Scene
from osil.errors import SceneError
from osil.figures import replay
from osil.robots.robot import load_robot
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.snapshot import Snapshot
from osil.worlds.window import Window

FETCH = load_robot("fetch")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen that nobody looks at."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as numbers:
        yield f":{numbers.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture
def shown(display: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The display, which programs use that are started now."""
    monkeypatch.setenv("DISPLAY", display)
    return display


def snapshot(num_blocks: int) -> Snapshot:
    world = PyBulletWorld(FETCH, num_blocks)
    y = np.linspace(-0.2, 0.2, num_blocks)
    world.reset(Scene(np.stack([np.full_like(y, 0.6), y, np.full_like(y, 0.42)], axis=-1), np.zeros_like(y)))
    seen = world.snapshot()
    world.close()
    return seen


def table_share(display: str) -> float:
    """Share of a 1024 x 768 screen that has the colour of wood."""
    picture = np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB")).astype(int)
    red, green, blue = np.moveaxis(picture, -1, 0)
    return float(((red > green + 10) & (green > blue + 10) & (red > 90)).mean())


def eventually(window: Window, seen: Snapshot, display: str, share: float) -> float:
    deadline = time.monotonic() + 30
    while table_share(display) < share and time.monotonic() < deadline:
        window.show(seen)
        time.sleep(0.05)
    return table_share(display)


def test_the_camera_looks_at_the_table(shown: str) -> None:
    window = Window(FETCH, 3)
    try:
        assert eventually(window, snapshot(3), shown, 0.06) > 0.06
        assert eventually(window, snapshot(5), shown, 0.06) > 0.06, "another number of blocks"
        assert window.open
    finally:
        window.close()


def test_nobody_waits_for_a_window_that_does_not_draw(shown: str) -> None:
    window, seen = Window(FETCH, 2), snapshot(2)
    try:
        os.kill(window.pid, signal.SIGSTOP)
        for _ in range(2000):  # more than a pipe holds
            window.show(seen)
        assert window.open
        os.kill(window.pid, signal.SIGCONT)
        os.kill(window.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while window.open and time.monotonic() < deadline:
            window.show(seen)
        assert not window.open, "that it has gone is noticed, and no error"
    finally:
        window.close()


def test_a_demonstration_is_replayed_in_the_window(shown: str) -> None:
    replay.play([snapshot(2)] * 10, FETCH)


@pytest.mark.parametrize("where", ["", ":987"])
def test_no_display_is_a_named_error(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if where:
        monkeypatch.setenv("DISPLAY", where)
    else:
        monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(SceneError, match=where or "DISPLAY is not set"):
        replay.play([snapshot(2)], FETCH)
