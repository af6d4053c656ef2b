"""Recording by service calls while somebody steers the simulated Fetch with a joystick."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from std_srvs.srv import Trigger

from osil.core import CONTROL_PERIOD, Action
from osil.demonstrations import storage
from osil.ros import convert, topics
from osil.ros.session import Session
from osil.ros.stack import Stack
from osil_interfaces.srv import ListDemonstrations, RecordingStatus, StartRecording, StopRecording

KINDS = {
    "start": StartRecording,
    "stop": StopRecording,
    "discard": Trigger,
    "status": RecordingStatus,
    "list": ListDemonstrations,
}
ACTIONS = [Action(np.array([0.004, 0.008, -0.002]), np.bool_(step > 10), np.float64(0.02)) for step in range(20)]


@pytest.fixture(scope="module", autouse=True)
def running(stack: Stack, session: Session, hand, folder: Path) -> None:
    stack.start("recorder", {"demonstrations": str(folder / "shown")})
    assert "no block poses have arrived" in alone(session), "before there is anything to see"
    for node, parameters in (("simulation", {"num_blocks": 3}), ("controller", {}), ("teleop", {})):
        stack.start(node, parameters)
    session.reset_scene(3, 0)
    hand.connect()
    assert hand.until(lambda: heard(session, hand), 60.0), "the joystick neither moves the arm nor is recorded"


def heard(session: Session, hand) -> bool:
    """Whether the joystick comes through teleoperation to recorder and controller, which may find it late."""
    before = hand.gripper().position
    assert call(session, "start", name="trial").success
    hand.steer(ACTIONS[:4])
    hand.wait(0.3)
    steps = call(session, "status").steps
    assert call(session, "discard").success
    return steps >= 4 and np.linalg.norm(hand.gripper().position - before) > 0.01


def alone(session: Session) -> str:
    """Start, stop and discard where no robot and no tracker is."""
    assert call(session, "start", name="nothing").success
    stopped = call(session, "stop")
    assert not stopped.success
    assert call(session, "discard").success
    return str(stopped.message)


def call(session: Session, service: str, **fields: Any) -> Any:
    """The recorder's answer, a refusal too."""
    kind = KINDS[service]
    client = session.create_client(kind, f"recorder/{service}")
    try:
        session.wait(client.service_is_ready, service, 30.0)
        future = client.call_async(kind.Request(**fields))
        session.wait(future.done, service, 30.0)
    finally:
        session.destroy_client(client)
    return future.result()


def test_what_was_steered_is_what_is_recorded(session: Session, hand, folder: Path) -> None:
    assert call(session, "start", name="wave").success
    assert hand.until(lambda: "dead-man" in call(session, "status").message), "all is seen, nobody steers"
    periods = hand.steer(ACTIONS)
    hand.wait(1.0)
    status = call(session, "status")
    assert (status.recording, status.name) == (True, "wave")
    stopped = call(session, "stop")
    assert stopped.success, stopped.message
    assert Path(stopped.path) == folder / "shown" / "wave.mcap"
    stored = storage.load(stopped.path)
    recorded = stored.demonstration
    assert stored.block_names == ("a", "b", "c")
    assert len(recorded) == stopped.steps == pytest.approx(periods, abs=2), "idle time is left out"
    steered = np.abs(recorded.actions.displacement - ACTIONS[0].displacement).max(-1) < 1e-6
    assert steered.sum() >= len(ACTIONS) - 1
    assert recorded.actions.close_gripper[-1]
    assert not recorded.actions.close_gripper[0]
    # Blocks that lie still move opposite to the gripper: what was seen fits what was done.
    travelled = -np.diff(recorded.observations.block_positions[:, 0, 2]).sum()
    assert travelled == pytest.approx(recorded.actions.displacement[:, 2].sum(), abs=0.008)
    listed = call(session, "list")
    assert list(listed.names) == ["wave"]
    assert listed.steps[0] == stopped.steps


def test_each_command_is_a_step(session: Session, hand) -> None:
    assert call(session, "start", name="each").success
    hand.command([ACTIONS[0]] * 30, "teleop")
    assert call(session, "stop").steps == 30


def test_a_faster_stream_of_commands_becomes_twenty_steps_a_second(session: Session, hand) -> None:
    """A control step is three ticks of the simulation; here a command comes with each of them."""
    assert call(session, "start", name="fast").success
    periods = hand.command([ACTIONS[0]] * 30, "teleop", period=CONTROL_PERIOD / 3)
    assert 10 <= call(session, "stop").steps <= periods + 1.5  # fewer than periods where the machine delays commands


def test_a_scene_that_is_set_up_anew_ends_the_recording(session: Session, hand, folder: Path) -> None:
    assert call(session, "start", name="two scenes").success
    hand.steer(ACTIONS)
    session.reset_scene(3, 5)
    hand.wait(0.5)
    steps = call(session, "status").steps
    hand.steer(ACTIONS)
    stopped = call(session, "stop")
    assert not stopped.success
    assert stopped.steps == steps
    for message in (stopped.message, call(session, "status").message):
        assert "was the scene set up anew?" in message
    assert call(session, "discard").success
    assert not (folder / "shown" / "two scenes.mcap").exists()


def test_stop_and_discard_without_start_are_refused(session: Session) -> None:
    for service in ("stop", "discard"):
        answer = call(session, service)
        assert not answer.success
        assert "nothing is being recorded" in answer.message
    assert not call(session, "status").recording


def test_start_twice_is_refused(session: Session) -> None:
    assert call(session, "start", name="one").success
    assert "'one' is being recorded" in call(session, "start", name="two").message
    assert call(session, "discard").success


def test_discard_keeps_nothing(session: Session, hand, folder: Path) -> None:
    assert call(session, "start", name="gone").success
    hand.steer(ACTIONS)
    assert call(session, "discard").success
    assert not (folder / "shown" / "gone.mcap").exists()


def test_a_name_that_is_taken_or_no_file_name_is_refused(session: Session, folder: Path) -> None:
    (folder / "shown" / "taken.mcap").write_bytes(b"")
    for name, message in (("taken", "exists"), ("../up", "file name"), (".hidden", "file name")):
        answer = call(session, "start", name=name)
        assert not answer.success
        assert message in answer.message


def test_nothing_is_lost_when_the_file_cannot_be_written(session: Session, hand, folder: Path) -> None:
    """A full disk and a folder that cannot be written fail alike: here a file stands where the folder should."""
    assert call(session, "start", name="kept").success
    hand.steer(ACTIONS)
    (folder / "shown").rename(folder / "aside")
    (folder / "shown").write_bytes(b"")
    refused = call(session, "stop")
    assert not refused.success
    assert "cannot write" in refused.message
    (folder / "shown").unlink()
    (folder / "aside").rename(folder / "shown")
    assert call(session, "stop").success
    assert len(storage.load(folder / "shown" / "kept.mcap").demonstration) >= refused.steps


def test_two_who_command_what_is_recorded_are_named(hand, session: Session, stack: Stack) -> None:
    other = session.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 1)
    assert hand.until(lambda: other.get_subscription_count() > 1)
    for action in ACTIONS:
        other.publish(convert.from_action(action, hand.stamp, CONTROL_PERIOD))
        hand.steer([action])
    assert hand.until(lambda: "/session and /teleop command at the same time" in stack.log("recorder").read_text())
    session.destroy_publisher(other)
