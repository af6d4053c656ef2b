"""What the recorder keeps, refuses and notices, with a robot and a tracker that do whatever a test wants."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from osil.core import CONTROL_PERIOD, NANOSECONDS, Action, Scene
from osil.demonstrations.storage import load
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import ListDemonstrations, RecordingStatus, StartRecording, StopRecording

FETCH = load_robot("fetch")

SERVICES = {
    "start": StartRecording,
    "stop": StopRecording,
    "discard": Trigger,
    "status": RecordingStatus,
    "list": ListDemonstrations,
}
KILLS = 3
STEP = Action(np.array([0.001, 0.0, 0.0]), np.bool_(False))
BLOCKS = np.array([[0.6, -0.1, 0.75], [0.6, 0.1, 0.75], [0.7, 0.0, 0.75]])


class Robot:
    """Stands still before three blocks and is commanded, in real time."""

    def __init__(self, client: Client) -> None:
        self.client, self.blocks, self.names = client, BLOCKS.copy(), "abc"
        self.ahead = 0.0
        """Seconds by which the stamps of the robot lie before the present."""
        self.opening = 0.1
        self.node = Node("robot")
        self._joints = self.node.create_publisher(JointState, topics.JOINT_STATES, topics.NEWEST)
        self._blocks = self.node.create_publisher(BlockPoseArray, topics.BLOCK_POSES, topics.NEWEST)
        self._twist = self.node.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 20)
        self._gripper = self.node.create_publisher(Bool, topics.TELEOP_GRIPPER, 20)

    def now(self) -> int:
        return self.node.get_clock().now().nanoseconds

    def show(self) -> None:
        """Publish what is seen."""
        stamp = self.now() + int(self.ahead * NANOSECONDS)
        positions = np.zeros(len(FETCH.all_joints))
        for joint in FETCH.gripper.joints:
            positions[list(FETCH.all_joints).index(joint)] = 0.5 * self.opening
        self._joints.publish(convert.from_joints(FETCH.all_joints, positions, 0 * positions, 0 * positions, stamp))
        poses = convert.from_scene(Scene(self.blocks, np.zeros(len(self.blocks))), self.names)
        self._blocks.publish(convert.from_blocks(poses, stamp))

    def steer(self, steps: int, ahead: float = 0.0, seen: bool = True) -> int:
        """So many commands, one a control period, stamped ``ahead`` seconds in the future. Returns how many."""
        for _ in range(steps):
            if seen:
                self.show()
            time.sleep(0.3 * CONTROL_PERIOD)
            stamp = self.now() + int(ahead * NANOSECONDS)
            self._twist.publish(convert.from_action(STEP, stamp, CONTROL_PERIOD))
            time.sleep(0.7 * CONTROL_PERIOD)
        return steps

    def open_to(self, opening: float) -> None:
        """Move the fingers, in a silence that is long enough for joints to be anywhere after it."""
        if opening != self.opening:
            time.sleep(1.5)
            self.opening = opening

    def grip(self, close: bool) -> None:
        self._gripper.publish(Bool(data=close))
        time.sleep(0.1)

    def connect(self) -> None:
        """Wait until the recorder hears all."""
        publishers = (self._joints, self._blocks, self._twist, self._gripper)
        self.client.wait(lambda: all(one.get_subscription_count() for one in publishers), "recorder", 30.0)

    def ask(self, service: str, **fields: Any) -> Any:
        """The recorder's answer, a refusal too."""
        return self.client.call(f"recorder/{service}", SERVICES[service], **fields)


@pytest.fixture(scope="module")
def machine(client: Client) -> Iterator[Robot]:
    robot = Robot(client)
    yield robot
    robot.node.destroy_node()


@pytest.fixture(scope="module")
def shown(folder: Path) -> Path:
    return folder / "shown"


def begin(processes: NodeProcesses, machine: Robot, folder: Path) -> None:
    processes.start("recorder", {"use_sim_time": False, "demonstrations": str(folder)})
    machine.connect()


@pytest.fixture
def robot(processes: NodeProcesses, machine: Robot, shown: Path) -> Robot:
    """A recorder runs, and nothing is being recorded."""
    if not processes.running("recorder"):
        begin(processes, machine, shown)
    machine.ask("discard")
    machine.blocks, machine.names, machine.ahead = BLOCKS.copy(), "abc", 0.0
    machine.open_to(0.1)
    return machine


def log(processes: NodeProcesses) -> str:
    return processes.log("recorder").read_text(errors="replace")


def test_a_killed_recorder_loses_at_most_a_second(robot: Robot, processes: NodeProcesses, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    processes.stop(["recorder"])
    begin(processes, robot, tmp_path)
    for number in range(KILLS):
        assert robot.ask("start", name=f"cut{number}").success
        steered = robot.steer(int(rng.integers(4, 40)))
        os.kill(processes.pid("recorder"), signal.SIGKILL)
        processes.stop(["recorder"])
        assert not (tmp_path / f"cut{number}.mcap").exists()
        begin(processes, robot, tmp_path)
        listed = robot.ask("list")
        assert f"cut{number}-recovered" in listed.names
        assert listed.steps[list(listed.names).index(f"cut{number}-recovered")] >= steered - 20
        assert f"cut{number}-recovered.mcap" in log(processes)
        assert not list(tmp_path.glob(".*")), "nothing is left to recover"
    processes.stop(["recorder"])


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_recorder_that_is_told_to_leave_keeps_what_it_has(
    robot: Robot, processes: NodeProcesses, shown: Path, signum: signal.Signals
) -> None:
    name = f"left-{signum.name}"
    assert robot.ask("start", name=name).success
    steered = robot.steer(12)
    os.kill(processes.pid("recorder"), signum)
    robot.client.wait(lambda: not processes.running("recorder"), "the end", 20.0)
    stored = load(shown / f"{name}-recovered.mcap")
    assert len(stored.demonstration) >= steered - 1
    assert str(shown / f"{name}-recovered.mcap") in log(processes)


def test_a_folder_that_cannot_be_written_is_refused_at_the_start(
    robot: Robot, processes: NodeProcesses, shown: Path, tmp_path: Path
) -> None:
    processes.stop(["recorder"])
    (tmp_path / "file").write_bytes(b"")
    begin(processes, robot, tmp_path / "file" / "folder")
    answer = robot.ask("start", name="one")
    assert not answer.success
    assert f"cannot write in {tmp_path}/file/folder" in answer.message
    assert not robot.ask("list").names
    processes.stop(["recorder"])


@pytest.mark.parametrize(
    "name",
    ["ä" * 130, "n" * 260, "n" * 248, "../up", ".hidden", "-rf", " ", "end ", "two\nlines", "bell\a", "a/b", ".mcap"],
)
def test_a_name_that_no_file_should_have_is_refused_at_the_start(robot: Robot, name: str) -> None:
    answer = robot.ask("start", name=name)
    assert not answer.success
    assert "choose another" in answer.message
    assert not robot.ask("status").recording


@pytest.mark.parametrize("name", ["n" * 200, "Türme für Žofie", "塔", "a.b", "with 'quotes'", "~"])
def test_every_other_name_can_be_started_and_stopped(robot: Robot, shown: Path, name: str) -> None:
    assert robot.ask("start", name=name).success
    robot.steer(4)
    stopped = robot.ask("stop")
    assert stopped.success, stopped.message
    assert load(stopped.path).name == name
    assert name in robot.ask("list").names


def test_the_name_of_the_file_is_the_name(robot: Robot, shown: Path) -> None:
    assert robot.ask("start", name="suffixed.mcap").success
    robot.steer(4)
    assert robot.ask("stop").path == str(shown / "suffixed.mcap")
    assert "exists" in robot.ask("start", name="suffixed").message


def test_a_name_of_an_unfinished_recording_is_taken(robot: Robot, shown: Path) -> None:
    (shown / ".taken.partial").write_bytes(b"")
    assert "unfinished" in robot.ask("start", name="taken").message
    (shown / ".taken.partial").unlink()


def test_a_file_that_came_meanwhile_is_not_overwritten(robot: Robot, shown: Path) -> None:
    assert robot.ask("start", name="mine").success
    robot.steer(4)
    (shown / "mine.mcap").write_bytes(b"theirs")
    assert "exists" in robot.ask("stop").message
    assert (shown / "mine.mcap").read_bytes() == b"theirs"
    (shown / "mine.mcap").unlink()
    assert robot.ask("stop").success


def test_strange_files_do_not_keep_others_from_being_listed(robot: Robot, shown: Path) -> None:
    assert robot.ask("start", name="good").success
    robot.steer(4)
    assert robot.ask("stop").success
    before = list(robot.ask("list").names)
    (shown / "loop.mcap").symlink_to("loop.mcap")
    (shown / "zero.mcap").symlink_to("/dev/zero")
    os.mkfifo(shown / "pipe.mcap")
    (shown / "folder.mcap").mkdir()
    (shown / "text.mcap").write_text("not a demonstration")
    (shown / os.fsdecode(b"latin-\xfc.mcap")).write_bytes(b"")
    assert list(robot.ask("list").names) == before
    for name in ("loop", "zero", "pipe", "text"):
        (shown / f"{name}.mcap").unlink()


def jump(robot: Robot) -> None:
    robot.blocks[0] += (0.0, 0.5, 0.0)


def rename(robot: Robot) -> None:
    robot.names = "abd"


def lose(robot: Robot) -> None:
    robot.blocks, robot.names = robot.blocks[:2], "ab"


def go_back(robot: Robot) -> None:
    time.sleep(0.3)
    robot.ahead = -0.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [(jump, "faster than anything moves here"), (rename, "a b d"), (lose, "got a b"), (go_back, "0.\\d\\d s")],
)
def test_a_scene_that_is_not_the_same_any_more_ends_the_recording(
    robot: Robot, processes: NodeProcesses, shown: Path, change: Any, reason: str
) -> None:
    assert robot.ask("start", name="changed").success
    robot.steer(5)
    change(robot)
    robot.steer(15)
    steps = robot.ask("status").steps
    assert steps <= 5
    stopped = robot.ask("stop")
    assert not stopped.success
    for message in (stopped.message, robot.ask("status").message, log(processes)):
        assert "has ended after" in message
        assert re.search(reason, message)
        assert "discard it" in message
    robot.blocks, robot.names, robot.ahead = BLOCKS.copy(), "abc", 0.0
    robot.steer(4)
    assert robot.ask("status").steps == steps, "and no step of another scene comes after"
    assert robot.ask("discard").success
    assert not (shown / "changed.mcap").exists()


def test_blocks_may_be_moved_by_a_hand_and_fall(robot: Robot) -> None:
    assert robot.ask("start", name="moved").success
    for _ in range(10):
        robot.blocks[0] += (0.02, 0.0, 0.03)  # 0.7 m/s
        robot.steer(1)
    robot.blocks[0, 2] -= 0.12  # 2.4 m/s
    robot.steer(1)
    stopped = robot.ask("stop")
    assert stopped.success, stopped.message
    assert stopped.steps == 11


@pytest.mark.parametrize("ahead", [600.0, -600.0])
def test_commands_of_another_time_are_not_recorded_and_do_not_keep_later_ones_out(robot: Robot, ahead: float) -> None:
    assert robot.ask("start", name="apart").success
    robot.steer(4, ahead=ahead)
    assert robot.ask("status").steps == 0
    steered = robot.steer(6)
    assert robot.ask("status").steps >= steered - 1


@pytest.mark.parametrize("opening", [0.1, 0.045])
def test_fingers_that_nobody_has_commanded_are_recorded_as_they_are(robot: Robot, opening: float) -> None:
    """Whatever was commanded before: it may have been long ago, and others have moved them since."""
    robot.grip(opening > 0.05)
    assert robot.ask("start", name=f"fingers {opening}").success
    robot.open_to(opening)
    robot.steer(4)
    robot.grip(opening > 0.05)
    robot.steer(4)
    stopped = robot.ask("stop")
    closed = load(stopped.path).demonstration.actions.close_gripper
    assert closed[0] == (opening < 0.05)
    assert closed[-1] == (opening > 0.05), "a command counts from when it comes"


def test_a_full_disk_is_told_and_nothing_is_lost_once_it_is_free(
    robot: Robot, processes: NodeProcesses, shown: Path
) -> None:
    """The operating system refuses the recorder files of more than a few kB."""
    assert robot.ask("start", name="full").success
    subprocess.run(["prlimit", f"--pid={processes.pid('recorder')}", "--fsize=4096:unlimited"], check=True)
    steered = robot.steer(20)
    assert "in memory alone" in robot.ask("status").message
    assert "cannot write" in robot.ask("stop").message
    subprocess.run(["prlimit", f"--pid={processes.pid('recorder')}", "--fsize=unlimited:unlimited"], check=True)
    stopped = robot.ask("stop")
    assert stopped.success, stopped.message
    assert stopped.steps >= steered - 1
    assert not list(shown.glob(".*"))


def test_names_of_any_language_under_a_locale_without_letters(
    folder: Path, ros: None, machine: Robot, processes: NodeProcesses
) -> None:
    if processes.running("recorder"):
        processes.stop(["recorder"])
    plain = {"LC_ALL": "C", "LANG": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    there = folder / "Vorführungen"
    with NodeProcesses(folder / "plain", plain) as other:
        begin(other, machine, there)
        assert machine.ask("start", name="Türme").success
        machine.steer(4)
        stopped = machine.ask("stop")
        assert stopped.success, stopped.message
        assert stopped.path == str(there / "Türme.mcap")
        assert list(machine.ask("list").names) == ["Türme"]
        assert "exists" in machine.ask("start", name="Türme").message
        assert machine.ask("start", name="Brücke").success
        machine.steer(4)
        other.stop(["recorder"])
        printed = other.log("recorder").read_text()
        assert "recovered.mcap" in printed
        assert "Error" not in printed
    assert load(there / "Brücke-recovered.mcap").name == "Brücke-recovered"
    for words in (["info", f"{there}/Türme.mcap"], ["recover", str(there)], ["recover", f"{there}/Türme.mcap"]):
        done = subprocess.run(
            [sys.executable, "-m", "osil.cli", "demonstration", *words],
            env={**os.environ, **plain},
            capture_output=True,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr
        assert b"rme" in done.stdout + done.stderr or b"unfinished" in done.stdout
