"""The page in a real browser, without a window: it is drawn, a button is pressed, and the gripper is dragged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.robots.robot import load_robot
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld

from .chromium import PROGRAM, Chromium, part
from .screen import Screen

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed: apt install chromium")

FETCH = load_robot("fetch")

NAMES = "here", "there"
"""Of demonstrations that there are."""

SCREEN, PHONE = Screen(900, 480), Screen(412, 800)

UP, FORWARD = np.array([0.0, 0.0, 0.12]), np.array([0.12, 0.0, 0.0])
"""Places on two of the arrows, metres from the gripper."""


@pytest.fixture(scope="module")
def browser(
    processes: NodeProcesses, client: Client, hand, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    """The operator's page, before the simulation, in few pixels: there may be no graphics card."""
    rng = np.random.default_rng(0)
    scenes = [FETCH.table.random_scene(3, rng) for _ in NAMES]
    for name, scene in zip(NAMES, scenes, strict=True):
        (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [StackingTask.parse("ab +c")], scene[None])
        storage.save(shown, folder / f"{name}.mcap", name, "abc")
    processes.start("simulation", {"num_blocks": 3})
    processes.start("controller")
    processes.start("recorder", {"demonstrations": str(folder)})
    processes.start("page", {"listen_port": 0})
    hand.connect()
    client.wait(lambda: "to operate" in processes.log("page").read_text(), "page", 60.0)
    with Chromium(tmp_path_factory.mktemp("chromium"), address(processes), SCREEN.width, SCREEN.height) as browser:
        assert hand.until(lambda: browser.shows("Sees blocks a b c"), 120.0)
        yield browser


def address(processes: NodeProcesses) -> str:
    """Of the operator's page, drawn in few pixels."""
    (address,) = re.findall(r"to operate, open (\S+)", processes.log("page").read_text())
    return f"{address}?fixedDpr=0.4"


def drag(browser: Chromium, hand, arrow: np.ndarray, screen: Screen) -> np.ndarray:
    """How far the gripper goes (``[3]`` metres) when it is dragged by an arrow, until it has gone two centimetres."""
    begin = hand.gripper().position
    place = begin + arrow

    def drawn() -> bool:
        """Whether the arrow is; where none is, a drag would turn the view."""
        return browser.has_arrow(*screen.pixel(begin + arrow, FETCH), int(arrow.argmax()))

    def grasped() -> bool:
        """Dragged away: a page that draws seldom may not have seen yet what is below the pointer, so try again."""
        nonlocal place
        place = begin + arrow
        assert hand.until(drawn, 60.0)
        browser.move(*screen.pixel(place, FETCH))
        hand.wait(0.5)
        browser.press(*screen.pixel(place, FETCH))
        if hand.until(goes, 30.0):
            return True
        browser.release(*screen.pixel(place, FETCH))
        return False

    def goes() -> bool:
        nonlocal place
        place = place + 0.003 * arrow / np.linalg.norm(arrow)
        browser.move(*screen.pixel(np.minimum(place, begin + 3.0 * arrow), FETCH))
        return bool(np.linalg.norm(hand.gripper().position - begin) > 0.02)

    assert hand.until(grasped, 60.0)
    browser.release(*screen.pixel(place, FETCH))
    way: np.ndarray = hand.gripper().position - begin
    return way


def test_the_scene_is_drawn(browser: Chromium, hand) -> None:
    areas = "[...document.querySelectorAll('canvas')].map(canvas => canvas.width * canvas.height)"
    assert hand.until(lambda: max(browser.evaluate(areas)) > 10_000, 60.0)


def test_a_button_closes_the_fingers(browser: Chromium, hand) -> None:
    assert hand.opening() > 0.03
    assert hand.until(lambda: browser.shows("Holding:"), 60.0), "and nothing on the page changes its place any more"

    def closed() -> bool:
        """Clicked on: on a busy machine it may move away at the last moment."""
        browser.click("Close the fingers")
        return bool(hand.until(lambda: hand.opening() < 0.01, 10.0))

    assert hand.until(closed, 60.0)


def test_the_gripper_is_dragged_up_by_its_arrow(browser: Chromium, hand) -> None:
    way = drag(browser, hand, UP, SCREEN)
    assert way[2] > 0.01
    assert abs(way[:2]).max() < 0.01, "along the arrow alone"


def test_a_key_moves_the_gripper(browser: Chromium, hand) -> None:
    begin = hand.gripper().position

    def goes() -> bool:
        browser.key("j")
        hand.wait(0.3)
        return bool(hand.gripper().position[1] > begin[1] + 0.02)

    assert hand.until(goes, 60.0)


def test_a_click_on_a_picture_chooses_its_demonstration(browser: Chromium, hand) -> None:
    browser.click("Shown")
    chosen = f"document.getElementById({part('label', 'Chosen')}.htmlFor).value"
    assert hand.until(lambda: browser.evaluate(chosen) in NAMES, 60.0), "the newest"
    (other,) = set(NAMES) - {browser.evaluate(chosen)}
    picture = f"document.querySelector(`label[for='${{{part('button', other)}.id}}'] img`)"
    assert hand.until(lambda: browser.evaluate(f"{picture} !== null"), 60.0)
    browser.click_on(picture)
    assert hand.until(lambda: browser.evaluate(chosen) == other)
    browser.click("Teach")


def test_on_a_phone_the_gripper_is_dragged_with_a_finger_above_the_controls(
    browser: Chromium, hand, processes: NodeProcesses, tmp_path: Path
) -> None:
    browser.leave()
    with Chromium(tmp_path, address(processes), PHONE.width, PHONE.height, touched=True) as phone:
        assert hand.until(lambda: phone.shows("Sees blocks a b c"), 120.0)
        way = drag(phone, hand, FORWARD, PHONE)
        assert way[0] > 0.01
        assert abs(way[1:]).max() < 0.01, "along the arrow alone"
        for tab, button in (("Shown", "Play"), ("Imitate", "Imitate"), ("Scene", "New layout"), ("Teach", "Record")):
            phone.click(tab)
            assert hand.until(lambda button=button: phone.shows(button), 20.0)
