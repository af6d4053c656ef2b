"""Recording by service calls while somebody steers the simulated Fetch with a joystick."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from std_srvs.srv import Trigger
from transforms3d.quaternions import quat2mat

from osil.core import CONTROL_PERIOD, Action
from osil.demonstrations import storage
from osil.robots.frames import BASE_FRAME, GRIPPER_FRAME
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.srv import (
    DeleteDemonstration,
    ListDemonstrations,
    ReadDemonstration,
    RecordingStatus,
    RenameDemonstration,
    StartRecording,
    StopRecording,
    WriteDemonstration,
)

FETCH = load_robot("fetch")

KINDS = {
    "start": StartRecording,
    "stop": StopRecording,
    "discard": Trigger,
    "status": RecordingStatus,
    "list": ListDemonstrations,
    "read": ReadDemonstration,
    "write": WriteDemonstration,
    "rename": RenameDemonstration,
    "delete": DeleteDemonstration,
}
ACTIONS = [Action(np.array([0.004, 0.008, -0.002]), np.bool_(step > 10), np.float64(0.02)) for step in range(20)]


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand, folder: Path) -> None:
    processes.start("recorder", {"demonstrations": str(folder / "shown")})
    assert "no block poses have arrived" in alone(client), "before there is anything to see"
    for node, parameters in (("simulation", {"num_blocks": 3}), ("controller", {}), ("teleop", {})):
        processes.start(node, parameters)
    client.reset_scene(3, 0)
    hand.connect()
    assert hand.until(lambda: heard(client, hand), 60.0), "the joystick neither moves the arm nor is recorded"


def heard(client: Client, hand) -> bool:
    """Whether the joystick comes through teleoperation to recorder and controller, which may find it late."""
    before = hand.gripper().position
    assert call(client, "start", name="trial").success
    hand.steer(ACTIONS[:4])
    hand.wait(0.3)
    steps = call(client, "status").steps
    assert call(client, "discard").success
    return steps >= 4 and np.linalg.norm(hand.gripper().position - before) > 0.01


def alone(client: Client) -> str:
    """Start, stop and discard where no robot and no tracker is."""
    assert call(client, "start", name="nothing").success
    stopped = call(client, "stop")
    assert not stopped.success
    assert call(client, "discard").success
    return str(stopped.message)


def call(client: Client, service: str, **fields: Any) -> Any:
    """The recorder's answer, a refusal too."""
    return client.call(f"recorder/{service}", KINDS[service], **fields)


def test_what_was_steered_is_what_is_recorded(client: Client, hand, folder: Path) -> None:
    assert call(client, "start", name="wave").success
    assert hand.until(lambda: "dead-man" in call(client, "status").message), "all is seen, nobody steers"
    periods = hand.steer(ACTIONS)
    hand.wait(1.0)
    status = call(client, "status")
    assert (status.recording, status.name) == (True, "wave")
    stopped = call(client, "stop")
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
    listed = call(client, "list")
    assert list(listed.names) == ["wave"]
    assert listed.steps[0] == stopped.steps
    assert list(listed.blocks) == ["abc"]
    assert listed.created[0].sec == int(stored.created.timestamp())


def test_what_was_recorded_can_be_looked_at(client: Client, hand) -> None:
    """The frames in the file show at each step what the policy is shown of it."""
    assert call(client, "start", name="looked at").success
    hand.steer(ACTIONS)
    path = Path(call(client, "stop").path)
    fixed, moving, joints = [], [], []
    with path.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        for _, channel, _, message in reader.iter_decoded_messages():
            {"/tf_static": fixed, "/tf": moving, "/joint_states": joints}.get(channel.topic, []).append(message)
    shown = storage.load(path).demonstration
    assert len(moving) == len(joints) == len(shown)
    assert set(joints[0].name) == set(FETCH.all_joints)
    for step in (0, len(shown) - 1):
        transforms = {one.child_frame_id: one for one in [*fixed[0].transforms, *moving[step].transforms]}
        gripper, block = (placed(transforms, frame) for frame in (GRIPPER_FRAME, "b"))
        seen = (np.linalg.inv(gripper) @ block)[:3, 3]
        np.testing.assert_allclose(seen, shown.observations[step].block_positions[1], atol=5e-3)


def test_what_is_stored_is_read_written_renamed_and_deleted(client: Client, folder: Path) -> None:
    read = call(client, "read", name="wave")
    assert read.success, read.message
    data = (folder / "shown" / "wave.mcap").read_bytes()
    assert read.data.tobytes() == data
    for service, fields in (
        ("write", {"name": "wave", "data": read.data}),
        ("write", {"name": "new", "data": read.data[:-9]}),
        ("write", {"name": "../new", "data": read.data}),
        ("rename", {"name": "wave", "new_name": "looked at"}),
        ("rename", {"name": "missing", "new_name": "new"}),
        ("read", {"name": "missing"}),
        ("delete", {"name": str(folder / "shown" / "wave.mcap")}),
    ):
        refused = call(client, service, **fields)
        assert not refused.success
        assert refused.message
    assert call(client, "write", name="again", data=read.data).success
    assert call(client, "rename", name="again", new_name="once more").success
    assert (folder / "shown" / "once more.mcap").read_bytes() == data
    assert call(client, "delete", name="once more").success
    assert set(call(client, "list").names) == {"wave", "looked at"}


def test_the_name_of_what_is_being_recorded_is_taken(client: Client) -> None:
    data = call(client, "read", name="wave").data
    assert call(client, "start", name="under way").success
    for service, fields in (
        ("write", {"name": "under way.mcap", "data": data}),
        ("rename", {"name": "wave", "new_name": "under way"}),
    ):
        refused = call(client, service, **fields)
        assert not refused.success
        assert "is being recorded just now" in refused.message
    assert call(client, "discard").success


def placed(transforms: dict[str, Any], frame: str) -> np.ndarray:
    """A frame in the base frame, as a matrix ``[4, 4]``."""
    place = np.eye(4)
    while frame != BASE_FRAME:
        one = transforms[frame].transform
        step = np.eye(4)
        step[:3, :3] = quat2mat((one.rotation.w, one.rotation.x, one.rotation.y, one.rotation.z))
        step[:3, 3] = one.translation.x, one.translation.y, one.translation.z
        place, frame = step @ place, transforms[frame].header.frame_id
    return place


def test_each_command_is_a_step(client: Client, hand) -> None:
    assert call(client, "start", name="each").success
    hand.command([ACTIONS[0]] * 30, "teleop")
    assert call(client, "stop").steps == 30


def test_a_faster_stream_of_commands_becomes_twenty_steps_a_second(client: Client, hand) -> None:
    """A control step is three ticks of the simulation; here a command comes with each of them."""
    assert call(client, "start", name="fast").success
    periods = hand.command([ACTIONS[0]] * 30, "teleop", period=CONTROL_PERIOD / 3)
    assert 10 <= call(client, "stop").steps <= periods + 1.5  # fewer than periods where the machine delays commands


def test_a_scene_that_is_set_up_anew_ends_the_recording(client: Client, hand, folder: Path) -> None:
    assert call(client, "start", name="two scenes").success
    hand.steer(ACTIONS)
    client.reset_scene(3, 5)
    hand.wait(0.5)
    steps = call(client, "status").steps
    hand.steer(ACTIONS)
    stopped = call(client, "stop")
    assert not stopped.success
    assert stopped.steps == steps
    for message in (stopped.message, call(client, "status").message):
        assert "was the scene set up anew?" in message
    assert call(client, "discard").success
    assert not (folder / "shown" / "two scenes.mcap").exists()


def test_stop_and_discard_without_start_are_refused(client: Client) -> None:
    for service in ("stop", "discard"):
        answer = call(client, service)
        assert not answer.success
        assert "nothing is being recorded" in answer.message
    assert not call(client, "status").recording


def test_start_twice_is_refused(client: Client) -> None:
    assert call(client, "start", name="one").success
    assert "'one' is being recorded" in call(client, "start", name="two").message
    assert call(client, "discard").success


def test_discard_keeps_nothing(client: Client, hand, folder: Path) -> None:
    assert call(client, "start", name="gone").success
    hand.steer(ACTIONS)
    assert call(client, "discard").success
    assert not (folder / "shown" / "gone.mcap").exists()


def test_a_name_that_is_taken_or_no_file_name_is_refused(client: Client, folder: Path) -> None:
    (folder / "shown" / "taken.mcap").write_bytes(b"")
    for name, message in (("taken", "exists"), ("../up", "file name"), (".hidden", "file name")):
        answer = call(client, "start", name=name)
        assert not answer.success
        assert message in answer.message


def test_nothing_is_lost_when_the_file_cannot_be_written(client: Client, hand, folder: Path) -> None:
    """A full disk and a folder that cannot be written fail alike: here a file stands where the folder should."""
    assert call(client, "start", name="kept").success
    hand.steer(ACTIONS)
    (folder / "shown").rename(folder / "aside")
    (folder / "shown").write_bytes(b"")
    refused = call(client, "stop")
    assert not refused.success
    assert "cannot write" in refused.message
    (folder / "shown").unlink()
    (folder / "aside").rename(folder / "shown")
    assert call(client, "stop").success
    assert len(storage.load(folder / "shown" / "kept.mcap").demonstration) >= refused.steps


def test_two_who_command_what_is_recorded_are_named(hand, client: Client, processes: NodeProcesses) -> None:
    other = client.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 1)
    assert hand.until(lambda: other.get_subscription_count() > 1)
    for action in ACTIONS:
        other.publish(convert.from_action(action, hand.stamp, CONTROL_PERIOD))
        hand.steer([action])
    assert hand.until(lambda: "/client and /teleop command at the same time" in processes.log("recorder").read_text())
    client.destroy_publisher(other)
