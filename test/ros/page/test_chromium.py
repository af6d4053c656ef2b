"""The page in a real browser, without a window: it is drawn, a button is pressed, and the gripper is dragged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from osil.robots.robot import load_robot
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.ros.page.scene_drawing import FIELD_OF_VIEW, first_view

from .chromium import PROGRAM, Chromium

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed: apt install chromium")

FETCH = load_robot("fetch")

WIDTH, HEIGHT = 900, 480

ON_THE_ARROW = np.array([0.0, 0.0, 0.12])
"""A place on the arrow that points up, metres from the gripper."""


@pytest.fixture(scope="module")
def browser(
    processes: NodeProcesses, client: Client, hand, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    """The operator's page, before the simulation, in few pixels: there may be no graphics card."""
    processes.start("simulation", {"num_blocks": 3})
    processes.start("controller")
    processes.start("page", {"listen_port": 0})
    hand.connect()
    client.wait(lambda: "to operate" in processes.log("page").read_text(), "page", 60.0)
    (address,) = re.findall(r"to operate, open (\S+)", processes.log("page").read_text())
    folder: Path = tmp_path_factory.mktemp("chromium")
    with Chromium(folder, f"{address}?fixedDpr=0.4", WIDTH, HEIGHT) as browser:
        assert hand.until(lambda: browser.shows("Sees blocks a b c"), 120.0)
        yield browser


def pixel(place: np.ndarray) -> tuple[float, float]:
    """Where on the page a place (metres, base frame) is seen from where one looks at first."""
    eye, target = first_view(FETCH)
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    way = place - eye
    scale = 0.5 * HEIGHT / np.tan(0.5 * FIELD_OF_VIEW) / (way @ ahead)
    return 0.5 * WIDTH + scale * (way @ right), 0.5 * HEIGHT - scale * (way @ np.cross(right, ahead))


def test_the_scene_is_drawn(browser: Chromium, hand) -> None:
    areas = "[...document.querySelectorAll('canvas')].map(canvas => canvas.width * canvas.height)"
    assert hand.until(lambda: max(browser.evaluate(areas)) > 10_000, 60.0)


def test_a_button_closes_the_fingers(browser: Chromium, hand) -> None:
    assert hand.opening() > 0.03
    assert hand.until(lambda: browser.shows("Holding:"), 60.0), "and nothing on the page changes its place any more"
    browser.click("Close the fingers")
    assert hand.until(lambda: hand.opening() < 0.01, 60.0)


def test_the_gripper_is_dragged_up_by_its_arrow(browser: Chromium, hand) -> None:
    begin = hand.gripper().position
    x, y = pixel(begin + ON_THE_ARROW)
    browser.move(x, y)
    hand.wait(0.5)  # for the page to see what is below the pointer
    browser.press(x, y)

    def rises() -> bool:
        nonlocal y
        y = max(y - 2.0, 10.0)
        browser.move(x, y)
        return bool(hand.gripper().position[2] > begin[2] + 0.02)

    assert hand.until(rises, 60.0)
    browser.release(x, y)
    assert abs(hand.gripper().position[:2] - begin[:2]).max() < 0.01, "along the arrow alone"
