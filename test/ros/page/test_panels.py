"""What an operator does with the buttons, and what the page says to it, with real nodes and without a browser."""

from __future__ import annotations

import math
import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

import torch
from websockets.exceptions import InvalidStatus

from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.demonstrations.library import LARGEST_SENT
from osil.networks.stacking import StackingNetwork
from osil.policies.stacking import PolicyConfig, save_policy
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld

from .page_client import PageClient

FETCH = load_robot("fetch")


def addresses(processes: NodeProcesses) -> dict[str, str]:
    """Of the page, by what one may do there."""
    return dict(re.findall(r"to (operate|look on), open (\S+)", processes.log("page").read_text()))


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
    page = PageClient(addresses(processes)["operate"])
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


def test_it_imitates_and_is_cancelled_and_may_imitate_again_at_once(page: PageClient, hand) -> None:
    for _ in range(2):
        assert hand.until(lambda: page.press("Imitate ..."))
        assert hand.until(lambda: page.press("Yes, move"))
        assert hand.until(lambda: page.shows("**0 of 1** stages"))
        assert not page.press("Imitate ...")
        assert hand.until(lambda: len(page.plots) == 4)
        assert page.press("Cancel")
        assert hand.until(lambda: page.shows("**Ended:** cancelled by the client"))
    to_move, to_put_on, moments, gripper = page.plots
    assert [len(plot) for plot in page.plots] == [1 + 3, 1 + 3, 1 + 1, 1 + 2], "three blocks; height and opening"
    for attention in (to_move, to_put_on):
        np.testing.assert_allclose(sum(attention[1:]), 1.0, atol=1e-3)
    assert sum(moments[1]) == pytest.approx(1.0, abs=1e-3)
    assert gripper[2][-1] == pytest.approx(100.0 * hand.opening(), abs=1.0), "centimetres"


def test_what_is_cancelled_before_it_has_begun_ends_as_well(page: PageClient, hand) -> None:
    assert hand.until(lambda: page.press("Imitate ..."))
    assert hand.until(lambda: page.press("Yes, move"))
    assert hand.until(lambda: page.press("Cancel"))
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


def test_a_page_that_is_loaded_anew_in_the_middle_of_a_drag_lets_go_and_the_recording_goes_on(
    page: PageClient, hand, folder: Path
) -> None:
    assert page.enter("Name", "of two pages")
    assert hand.until(lambda: page.press("Record"))
    assert hand.until(lambda: page.shows("recorded: waiting for teleoperation"))
    begin = hand.gripper().position
    page.grasp()
    page.drag(begin + np.array([0.0, -0.3, 0.0]))
    assert hand.until(lambda: hand.gripper().position[1] < begin[1] - 0.03)
    page.connection.close()

    def loads() -> bool:
        with suppress(InvalidStatus):  # as long as the page before is taken for there
            page.load()
            return True
        return False

    assert hand.until(loads)
    page.drag(begin + np.array([0.0, -0.3, 0.0]))  # as a pointer that was never let go
    hand.wait(0.5)
    stands = hand.gripper().position
    assert stands[1] > begin[1] - 0.25
    hand.wait(0.5)
    assert np.linalg.norm(hand.gripper().position - stands) < 0.002
    assert hand.until(lambda: page.shows("recorded: waiting for teleoperation"))
    assert hand.until(lambda: page.press("Stop and keep"))
    assert hand.until(lambda: page.shows("of two pages.mcap"))
    moved = storage.load(folder / "of two pages.mcap").demonstration.actions.displacement.sum(0)
    assert moved[1] < -0.02, "what was shown before"
    assert page.enter("Name", "")
    assert hand.until(lambda: page.shows("Shown: **of two pages**")), "and is chosen now"


def copies(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.mcap")}


def test_a_demonstration_has_its_picture_and_is_played_back(page: PageClient, hand) -> None:
    assert hand.until(lambda: page.press("old")), "below which is its picture"
    assert hand.until(lambda: page.shows("Shown: **old**"))
    assert hand.until(lambda: page.shows("a on b"), 60.0), "how it ends"
    assert page.shows("<img"), "and its picture"
    assert page.press("Play")
    assert hand.until(lambda: page.scene_has("/shown/robot"))
    assert hand.until(lambda: page.scene_has("/shown/blocks/c"))
    assert hand.until(lambda: page.press("Stop playing"))
    assert hand.until(lambda: not page.scene_has("/shown/blocks/c"))


def test_a_demonstration_is_downloaded_and_uploaded_and_nothing_is_overwritten(
    page: PageClient, hand, folder: Path
) -> None:
    assert page.enter("Chosen", "old")
    hand.wait(0.2)
    assert page.press("Download")
    data = (folder / "old.mcap").read_bytes()
    assert hand.until(lambda: page.files.get("old.mcap") == data or page.shows("nobody"))
    page.upload("Upload", "old.mcap", data)
    assert hand.until(lambda: page.shows("old.mcap exists; choose another name"))
    page.upload("Upload", "brought.mcap", data)
    assert hand.until(lambda: page.shows("stored in"))
    assert (folder / "brought.mcap").read_bytes() == data


BROKEN = {
    "empty": b"",
    "no demonstration": b"something else",
    "cut off": -1,
    "of a folder above": "../above.mcap",
    "with another suffix": "old.mcap.mcap",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_demonstration_is_not_taken(page: PageClient, hand, folder: Path, what: str) -> None:
    before, whole, broken = copies(folder), (folder / "old.mcap").read_bytes(), BROKEN[what]
    name = broken if isinstance(broken, str) else f"{what}.mcap"
    data = whole[:broken] if isinstance(broken, int) else broken if isinstance(broken, bytes) else whole
    page.upload("Upload", name, data)
    why = "cannot be a file name" if isinstance(broken, str) else f"{what}.mcap is not a whole demonstration file"
    assert hand.until(lambda: page.shows(why))
    assert copies(folder) == before
    assert not (folder.parent / "above.mcap").exists()


def test_a_file_of_another_size_than_was_told_is_dropped(page: PageClient, hand, folder: Path) -> None:
    before, data = copies(folder), (folder / "old.mcap").read_bytes()
    page.upload("Upload", "liar.mcap", data, claimed=len(data) - 1)
    page.upload("Upload", "old.mcap", data)
    assert hand.until(lambda: page.shows("old.mcap exists; choose another name")), "and the page goes on"
    assert copies(folder) == before


def test_a_file_that_is_too_large_is_named(page: PageClient, hand, folder: Path) -> None:
    before = copies(folder)
    page.upload("Upload", "large.mcap", bytes(LARGEST_SENT + 1))
    assert hand.until(lambda: page.shows("large.mcap has more than 32 MiB"))
    assert copies(folder) == before


def test_a_demonstration_is_renamed_and_deleted_only_after_a_question(page: PageClient, hand, folder: Path) -> None:
    assert hand.until(lambda: page.enter("Chosen", "brought"))
    for name, why in (("old", "exists; choose another name"), ("a/b", "cannot be a file name"), ("kept", "is now")):
        assert page.enter("New name", name)
        assert page.press("Rename")
        assert hand.until(lambda why=why: page.shows(why))
    assert copies(folder) >= {"old", "kept"}
    assert "brought" not in copies(folder)
    assert hand.until(lambda: page.shows("Shown: **kept**")), "which is chosen now"
    assert hand.until(lambda: page.press("Delete ..."))
    assert hand.until(lambda: page.press("Keep it"))
    assert hand.until(lambda: page.press("Delete ..."))
    assert "kept" in copies(folder), "it has only been asked"
    assert hand.until(lambda: page.press("Yes, delete"))
    assert hand.until(lambda: "kept" not in copies(folder))
    assert (folder / "old.mcap").exists()


def test_keys_move_the_gripper_a_step(page: PageClient, hand) -> None:
    begin = hand.gripper()

    def pressed(key: str) -> GripperPose:  # again and again, as somebody does: a busy page may be taken for gone
        page.key(key)
        hand.wait(0.2)
        return hand.gripper()

    assert hand.until(lambda: pressed("Gripper left").position[1] > begin.position[1] + 0.015)
    assert hand.until(lambda: pressed("Turn the gripper left").yaw > begin.yaw + math.radians(2.0))
    hand.wait(1.0)
    stands = hand.gripper().position
    hand.wait(0.3)
    assert np.linalg.norm(hand.gripper().position - stands) < 0.002, "a key that is let go moves nothing"


@pytest.mark.parametrize(
    ("label", "odd", "button"),
    [
        ("Blocks", -1, "New layout"),
        ("Blocks", 1e9, "New layout"),
        ("Way", "nowhere", "Push it"),
        ("Block", "\0" * 1000, "Push it"),
        ("Chosen", "../old", "Download"),
        ("Chosen", "nothing", "Play"),
        ("Name", "\x1b/" * 1000, "Record"),
        ("Turn (°)", 1e9, "Open the fingers"),
        ("Speed of time", -1.0, "Open the fingers"),
    ],
)
def test_what_no_control_can_have_breaks_nothing(
    page: PageClient, hand, processes: NodeProcesses, label: str, odd: object, button: str
) -> None:
    begin = hand.gripper().position
    assert page.enter(label, odd)
    assert hand.until(lambda: page.press(button))
    hand.wait(0.3)
    assert processes.running("page")
    assert hand.until(lambda: page.press("Open the fingers")), "and the page goes on"
    assert np.linalg.norm(hand.gripper().position - begin) < 0.002 or button == "New layout"


def test_a_visitor_sets_the_scene_up_anew_and_pushes_blocks(page: PageClient, hand, client: Client) -> None:
    assert hand.until(lambda: page.press("Knock the held block out of the hand"))
    assert hand.until(lambda: page.shows("the fingers hold no block"))
    assert page.enter("Blocks", 3)
    assert page.press("New layout")
    assert hand.until(lambda: page.shows("Sees blocks **a b c**, "))
    before = client.scene().block_positions
    assert page.enter("Block", "a")
    assert page.press("Push it")
    assert hand.until(lambda: page.shows("block a was pushed"))
    assert hand.until(lambda: client.scene().block_positions[0, 0] > before[0, 0] + 0.01)
    assert page.enter("Blocks", 4)
    assert page.press("New layout")
    assert hand.until(lambda: page.shows("Sees blocks **a b c d**"))
    assert page.enter("Blocks", 3)
    assert page.press("New layout")
    assert hand.until(lambda: page.shows("Sees blocks **a b c**, "))


def test_who_looks_on_sees_that_he_does_and_can_stop_the_arm_but_nothing_else(
    page: PageClient, hand, processes: NodeProcesses
) -> None:
    onlooker = PageClient(addresses(processes)["look on"])
    try:
        assert hand.until(lambda: onlooker.shows("**You look on.**"))
        assert hand.until(lambda: onlooker.shows("One page operates, 1 looks on."))
        assert not page.shows("**You look on.**")
        for label in ("Record", "Close the fingers", "Imitate ...", "Push it", "Upload", "Play", "New name"):
            assert not onlooker.press(label), f"{label} is grey"
        assert onlooker.press("Stop")
        assert hand.until(lambda: page.shows("**STOPPED:** the operator has stopped the arm"))
        assert not onlooker.press("Resume ..."), "which is the operator's"
    finally:
        onlooker.connection.close()
    assert hand.until(lambda: page.press("Resume ..."))
    assert hand.until(lambda: page.press("Resume"))
    assert hand.until(lambda: not page.shows("**STOPPED:**"))


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


def test_a_policy_that_is_killed_closes_its_question_and_ends_its_imitation(
    page: PageClient, hand, processes: NodeProcesses, folder: Path
) -> None:
    asks, gone = "Shall I do this with the blocks as they lie now?", "nothing was heard of the policy"
    assert hand.until(lambda: page.enter("Chosen", "old"))

    def asks_for_good() -> bool:
        """The question stays: the page knows all that the policy offers."""
        page.press("Imitate ...")
        return hand.until(lambda: page.shows(asks), 5.0) and not hand.until(lambda: not page.shows(asks), 3.0)

    assert hand.until(asks_for_good, 60.0)
    os.kill(processes.pid("policy"), signal.SIGKILL)
    assert hand.until(lambda: page.shows(f"**Nothing was begun:** {gone}"), 10.0), "not as late as the ROS graph tells"
    assert not page.shows(asks)
    processes.start("policy", {"demonstrations": str(folder), "model": str(folder / "model")})

    def imitates() -> bool:
        """It goes on: the first goals of a policy that the page has only just met may be lost, which it then says."""
        page.press("Imitate ...")
        begun, lost = "**0 of 1** stages", "has not answered"
        return (
            hand.until(lambda: page.shows(asks), 5.0)
            and page.press("Yes, move")
            and hand.until(lambda: page.shows(begun) or page.shows(lost), 30.0)
            and page.shows(begun)
        )

    assert hand.until(imitates, 120.0)
    os.kill(processes.pid("policy"), signal.SIGKILL)
    assert hand.until(lambda: page.shows(f"**Ended:** {gone}"), 10.0)
    assert hand.until(lambda: page.press("Imitate ...")), "which can be tried again"


def test_a_controller_that_dies_is_missed(page: PageClient, hand, processes: NodeProcesses) -> None:
    processes.stop(["controller"])
    assert hand.until(lambda: page.shows("Nothing is heard of the controller"))
    assert page.press("Stop")
    assert hand.until(lambda: page.shows("nobody offers controller/stop; is the node controller running?"))


def test_a_simulation_that_is_killed_is_missed(page: PageClient, hand, processes: NodeProcesses) -> None:
    os.kill(processes.pid("simulation"), signal.SIGKILL)
    assert hand.until(lambda: page.shows("the clock has stopped"))
    page.grasp()
    page.drag(np.array([0.6, 0.0, 0.8]))
    page.drop()
    assert page.press("Play"), "and the page goes on"
    assert hand.until(lambda: page.scene_has("/shown/blocks/a"))
    assert "Traceback" not in processes.log("page").read_text()
