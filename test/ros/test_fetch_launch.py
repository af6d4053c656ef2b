"""The launch file for a real Fetch meets a fake one, imitates on it once that is activated, and leaves cleanly."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from osil import seeds
from osil.core import CONTROL_PERIOD, Action
from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.kinematic import KinematicWorld

launch_pytest = pytest.importorskip(
    "launch_pytest", reason="launch_pytest comes with a ROS 2 distribution and has no wheel"
)

import launch  # noqa: E402
import rclpy  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from launch.event_handlers import OnProcessExit, OnProcessStart  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState  # noqa: E402
from rcl_interfaces.srv import GetParameters  # noqa: E402
from rclpy.signals import SignalHandlerOptions  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from osil.ros import convert, topics  # noqa: E402
from osil.ros.client import Client  # noqa: E402
from osil.ros.node_processes import FETCH_NODES, FRAME_NODES, NodeProcesses  # noqa: E402
from osil_interfaces.action import Imitate  # noqa: E402

from .fake_fetch import FakeFetch  # noqa: E402
from .fake_tracker import FakeTracker  # noqa: E402
from .imitating import imitate  # noqa: E402

FETCH = load_robot("fetch")

TASK = StackingTask.parse("ab")


@pytest.fixture
def fetch() -> Iterator[FakeFetch]:
    with FakeFetch(FETCH.table.random_scene(TASK.num_blocks, seeds.generator("demonstrate", 0))) as fetch:
        yield fetch


@pytest.fixture(autouse=True)
def shown(tmp_path: Path) -> None:
    """A demonstration among those that the nodes have."""
    rng = seeds.generator("demonstrate", 1)
    scene = FETCH.table.random_scene(TASK.num_blocks, rng)[None]
    (demonstration,), _ = demonstrate(KinematicWorld(rng, FETCH), [TASK], scene)
    storage.save(demonstration, tmp_path / "shown.mcap", "shown", "ab")


@pytest.fixture
def exit_codes() -> dict[str, int]:
    """Filled when a node leaves: its name and its status."""
    return {}


@pytest.fixture
def pids() -> dict[str, int]:
    """Filled when a node starts: its name and its process."""
    return {}


@launch_pytest.fixture
def nodes(
    fetch: FakeFetch, tmp_path: Path, exit_codes: dict[str, int], pids: dict[str, int]
) -> launch.LaunchDescription:
    return described(fetch, tmp_path, exit_codes, pids)


@launch_pytest.fixture
def active_nodes(
    fetch: FakeFetch, tmp_path: Path, exit_codes: dict[str, int], pids: dict[str, int]
) -> launch.LaunchDescription:
    return described(fetch, tmp_path, exit_codes, pids, autostart="true")


def described(
    fetch: FakeFetch, folder: Path, exit_codes: dict[str, int], pids: dict[str, int], **more: str
) -> launch.LaunchDescription:
    """The launch file, with what notes its nodes' ends and beginnings."""

    def note_end(event: launch.events.process.ProcessExited, context: launch.LaunchContext) -> None:
        exit_codes[event.action.name.rpartition("-")[0]] = event.returncode

    def note_start(event: launch.events.process.ProcessStarted, context: launch.LaunchContext) -> None:
        pids[event.action.name.rpartition("-")[0]] = event.pid

    arguments = {"host": "127.0.0.1", "port": str(fetch.port), "demonstrations": str(folder), "table_height": "0.4"}
    arguments |= more
    return launch.LaunchDescription(
        [
            launch.actions.SetLaunchConfiguration("sigterm_timeout", "60"),  # a busy machine is no failure
            launch.actions.RegisterEventHandler(OnProcessExit(on_exit=note_end)),
            launch.actions.RegisterEventHandler(OnProcessStart(on_start=note_start)),
            launch.actions.IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(resource_path("launch", "fetch.launch.py"))),
                launch_arguments=arguments.items(),
            ),
            launch_pytest.actions.ReadyToTest(),
        ]
    )


@pytest.mark.launch(fixture=nodes)
def test_the_robot_is_met_and_imitates(fetch: FakeFetch, tmp_path: Path, exit_codes: dict[str, int]) -> Iterator[None]:
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with NodeProcesses(tmp_path / "logs", {}) as none:
        client, tracker = Client(none, FETCH), FakeTracker(fetch)
        try:
            for node in FETCH_NODES:
                client.meet(node)
            for node, slowest in (("controller", 0.25), ("teleop", 0.7)):  # slowed down once, by the safety gate
                asked = client.call(f"{node}/get_parameters", GetParameters, names=["max_speed"])
                assert asked.values[0].double_value == slowest
            assert "controller activate" in client.call("controller/resume", Trigger).message
            for node in ("controller", "recorder", "policy"):
                activate = Transition(id=Transition.TRANSITION_ACTIVATE)
                assert client.call(f"{node}/change_state", ChangeState, transition=activate).success
            client.wait(lambda: client.call("controller/resume", Trigger).success, "the robot", 60.0)
            twist, start = client.create_publisher(TwistStamped, topics.GRIPPER_TWIST, 1), fetch.joints
            left = Action(np.array([0.0, 0.01, 0.0]), np.array(False))

            def moved() -> bool:
                twist.publish(convert.from_action(left, time.time_ns(), CONTROL_PERIOD))
                return bool(np.abs(fetch.joints - start).max() > 0.05)

            client.wait(moved, "motion", 20.0)
            client.wait(lambda: client.call("planning/go_to_ready", Trigger).success, "the ready pose", 60.0)
            result = imitate(client, "shown", 90.0)
            assert result.outcome == Imitate.Result.SUCCEEDED, result.reason
            assert layout_reached(TASK, client.scene(), NOMINAL)
        finally:
            tracker.close()
            client.close()
            rclpy.try_shutdown()
    assert not fetch.problems
    assert not exit_codes, "a node left early"
    yield
    assert exit_codes == dict.fromkeys((*FETCH_NODES, *FRAME_NODES), 0)


@pytest.mark.launch(fixture=active_nodes)
def test_a_crash_does_not_undo_a_stop(fetch: FakeFetch, tmp_path: Path, pids: dict[str, int]) -> Iterator[None]:
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with NodeProcesses(tmp_path / "logs", {}) as none:
        client = Client(none, FETCH)
        try:
            client.meet("controller")
            client.wait(lambda: client.call("controller/resume", Trigger).success, "the robot", 60.0)
            assert client.call("controller/stop", Trigger).success
            crash_and_meet(client, pids)
            crash_and_meet(client, pids)  # what has come back comes back again
        finally:
            client.close()
            rclpy.try_shutdown()
    yield


def crash_and_meet(client: Client, pids: dict[str, int]) -> None:
    """The controller that comes back is inactive."""
    killed = pids["controller"]
    os.kill(killed, signal.SIGKILL)
    client.wait(lambda: pids["controller"] != killed, "the next controller", 30.0)
    client.meet("controller")
    assert "controller activate" in client.call("controller/resume", Trigger).message
