"""What an operator does with the buttons, and what the page says to it, with real nodes and without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

import torch

from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.networks.stacking import StackingNetwork
from osil.policies.stacking import PolicyConfig, save_policy
from osil.robots.robot import load_robot
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld

from .page_client import PageClient

FETCH = load_robot("fetch")


@pytest.fixture(scope="module")
def page(processes: NodeProcesses, client: Client, hand, folder: Path) -> Iterator[PageClient]:
    """A demonstration of three blocks, a scene of the same, an untrained policy and the page."""
    rng = np.random.default_rng(0)
    task = StackingTask.parse("ab +c")
    (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [task], FETCH.table.random_scene(3, rng)[None])
    storage.save(shown, folder / "old.mcap", "old", "abc")
    torch.manual_seed(0)
    config = PolicyConfig()
    save_policy(folder / "model", StackingNetwork(config.network), config)
    processes.start("simulation", {"num_blocks": 3})
    processes.start("controller")
    processes.start("recorder", {"demonstrations": str(folder)})
    processes.start("policy", {"demonstrations": str(folder), "model": str(folder / "model")})
    processes.start("page", {"listen_port": 0})
    hand.connect()
    client.wait(lambda: "to operate" in processes.log("page").read_text(), "page", 60.0)
    for node in ("recorder", "policy"):
        client.meet(node)
    (address,) = re.findall(r"to operate, open (\S+)", processes.log("page").read_text())
    page = PageClient(address)
    assert hand.until(lambda: page.shows("Sees blocks **a b c**"))
    assert hand.until(lambda: page.shows("blocks **a b c**; shown"), 60.0), "the demonstration that there is"
    yield page
    page.connection.close()


def test_before_the_first_motion_it_says_what_it_understood_and_asks(page: PageClient, hand) -> None:
    begin, asks = hand.gripper().position, "Shall I do this with the blocks as they lie now?"
    for _ in range(20):  # a page that has only just met the policy says that nobody offers to understand
        assert hand.until(lambda: page.press("Imitate ..."))
        assert hand.until(lambda: page.shows(asks) or page.shows("nobody offers"))
        if page.shows(asks):
            break
        hand.wait(0.5)
    assert page.shows(asks)
    assert page.shows("understood")
    assert page.press("No")
    assert hand.until(lambda: not page.shows("Shall I"))
    hand.wait(0.5)
    assert np.linalg.norm(hand.gripper().position - begin) < 0.002, "nothing has moved"


def test_it_imitates_and_is_cancelled(page: PageClient, hand) -> None:
    assert hand.until(lambda: page.press("Imitate ..."))
    assert hand.until(lambda: page.press("Yes, move"))
    assert hand.until(lambda: page.shows("**0 of 1** stages"))
    assert not page.press("Imitate ...")
    assert page.press("Cancel")
    assert hand.until(lambda: page.shows("**Ended:** cancelled by the client"))


def test_what_is_dragged_between_record_and_keep_is_stored(page: PageClient, hand, folder: Path) -> None:
    assert page.press("Record")
    assert hand.until(lambda: page.shows("recorded: waiting for teleoperation"))
    assert not page.press("Record"), "one at a time"
    page.grasp()
    for _ in range(20):
        page.drag(hand.gripper().position + np.array([0.0, 0.05, 0.0]))
        hand.wait(0.05)
    page.drop()
    assert page.press("Close the fingers")
    assert hand.until(lambda: hand.opening() < 0.01)
    assert page.press("Open the fingers")
    assert hand.until(lambda: hand.opening() > 0.05)
    assert page.press("Stop and keep")
    assert hand.until(lambda: page.shows("written to"))
    (path,) = set(folder.glob("*.mcap")) - {folder / "old.mcap"}
    stored = storage.load(path)
    actions = stored.demonstration.actions
    assert actions.displacement[:, 1].sum() > 0.03, "the drag"
    assert {True, False} == set(actions.close_gripper.tolist()), "the fingers, closed and opened"


def test_what_is_discarded_is_not_stored(page: PageClient, hand, folder: Path) -> None:
    before = set(folder.glob("*.mcap"))
    assert hand.until(lambda: page.press("Record"))
    assert hand.until(lambda: page.shows("recorded: waiting for teleoperation"))
    assert hand.until(lambda: page.press("Discard"))
    assert hand.until(lambda: page.shows("was discarded"))
    assert hand.until(lambda: page.press("Open the fingers")), "and the page goes on"
    assert set(folder.glob("*.mcap")) == before


def test_stop_stops_and_resume_asks_twice(page: PageClient, hand) -> None:
    assert not page.press("Resume ..."), "there is nothing to resume"
    assert page.press("Stop")
    assert hand.until(lambda: page.shows("**STOPPED:** the operator has stopped the arm"))
    page.grasp()
    begin = hand.gripper().position
    page.drag(begin + np.array([0.0, 0.1, 0.0]))
    hand.wait(0.5)
    page.drop()
    assert np.linalg.norm(hand.gripper().position - begin) < 0.002, "a stopped arm is not dragged"
    assert hand.until(lambda: page.press("Resume ..."))
    hand.wait(0.5)
    assert page.shows("**STOPPED:**"), "it has only been asked once"
    assert hand.until(lambda: page.press("Resume"))
    assert hand.until(lambda: not page.shows("**STOPPED:**"))


def test_a_controller_that_dies_is_missed(page: PageClient, hand, processes: NodeProcesses) -> None:
    processes.stop(["controller"])
    assert hand.until(lambda: page.shows("Nothing is heard of the controller"))
    assert page.press("Stop")
    assert hand.until(lambda: page.shows("nobody offers controller/stop; is the node controller running?"))
