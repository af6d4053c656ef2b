"""The whole way over the page's own connection: taught by dragging, confirmed, and imitated in another layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from osil.core import Scene
from osil.robots.robot import load_robot
from osil.ros import convert
from osil.ros.client import Client
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil_interfaces.srv import ResetScene

from .page_client import PageClient

FETCH = load_robot("fetch")

HEIGHT = FETCH.table.height + NOMINAL.half

SCENE = Scene(np.array([[0.62, 0.15, HEIGHT], [0.70, -0.12, HEIGHT], [0.62, 0.00, HEIGHT]]), np.zeros(3))

WITHIN = 0.004
"""Metres from where the gripper shall be dragged."""


@pytest.fixture(scope="module")
def page(processes: NodeProcesses, client: Client, hand, folder: Path) -> Iterator[PageClient]:
    for node in SIMULATION_NODES:
        if node != "teleop":
            processes.start(node, {"demonstrations": str(folder)} if node in ("recorder", "policy") else {})
    processes.start("page", {"listen_port": 0})
    hand.connect()
    client.wait(lambda: "to operate" in processes.log("page").read_text(), "page", 60.0)
    for node in ("simulation", "recorder", "policy"):
        client.meet(node)
    (address,) = re.findall(r"to operate, open (\S+)", processes.log("page").read_text())
    page = PageClient(address)
    assert hand.until(lambda: page.shows("Sees blocks"))
    yield page
    page.connection.close()


def lead(page: PageClient, hand, place: np.ndarray) -> None:
    """Drag the gripper to ``place`` ``[3]``, metres, base frame."""

    def there() -> bool:
        page.grasp()  # again and again: on a busy machine the page may have been taken for gone
        page.drag(place)
        return bool(np.linalg.norm(hand.gripper().position - place) < WITHIN)

    assert hand.until(there, 40.0)
    page.drop()


def test_what_is_taught_by_dragging_is_imitated_in_another_layout(page: PageClient, client: Client, hand) -> None:
    assert client.call("simulation/reset", ResetScene, blocks=convert.from_scene(SCENE, "abc")).success
    assert hand.until(lambda: page.shows("Sees blocks **a b c**"))
    hand.wait(1.0)
    assert hand.until(lambda: page.press("Record"))
    assert hand.until(lambda: page.shows("waiting for teleoperation"))
    above, block, drop = (np.array([0.0, 0.0, height]) for height in (0.12, NOMINAL.size, 0.005))
    a, b, c = SCENE.block_positions
    for source, place in ((b, c + block), (a, c + 2.0 * block)):
        lead(page, hand, source + above)
        lead(page, hand, source)
        assert page.press("Close the fingers")
        assert hand.until(lambda: hand.opening() < NOMINAL.held_width)
        hand.wait(0.5)
        lead(page, hand, source + above)
        lead(page, hand, place + above)
        lead(page, hand, place + drop)
        assert page.press("Open the fingers")
        assert hand.until(lambda: hand.opening() > NOMINAL.open_width)
        lead(page, hand, place + above)
    assert page.press("Stop and keep")
    assert hand.until(lambda: page.shows("written to"))

    assert hand.until(lambda: page.press("New layout"))
    assert hand.until(lambda: page.press("Imitate ..."))
    assert hand.until(lambda: page.shows("Shall I do this"), 60.0), page.said
    assert page.shows("**b** onto **c**")
    assert page.shows("**a** onto **b**")
    pictured = lambda: any("wrap:wrap" in html and html.count("<img") == 2 for html in page.htmls)  # noqa: E731
    assert hand.until(pictured, 60.0), "how each stage ends"
    assert page.press("Yes, move")
    assert hand.until(lambda: page.shows("**Done:**") or page.shows("**Ended:**"), 180.0)
    assert page.shows("**Done:** the layout shown was reached"), page.said
    assert layout_reached(StackingTask.parse("abc"), client.scene(), NOMINAL)
