"""The launch file starts the whole stack, which learns a task by service calls, repeats it, and leaves cleanly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from osil.resources import resource_path
from osil.robots.robot import load_robot

launch_pytest = pytest.importorskip(
    "launch_pytest", reason="launch_pytest comes with a ROS 2 distribution and has no wheel"
)

import launch  # noqa: E402
import rclpy  # noqa: E402
from launch.event_handlers import OnProcessExit  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from rclpy.signals import SignalHandlerOptions  # noqa: E402

from osil.ros.client import Client  # noqa: E402
from osil.ros.node_processes import FRAME_NODES, SIMULATION_NODES, NodeProcesses  # noqa: E402
from osil.tasks.block_stacking import StackingTask, layout_reached  # noqa: E402
from osil.tasks.blocks import NOMINAL  # noqa: E402
from osil_interfaces.action import Imitate  # noqa: E402

from .imitating import imitate  # noqa: E402

FETCH = load_robot("fetch")

TASK = StackingTask.parse("ab +c")


@pytest.fixture
def exit_codes() -> dict[str, int]:
    """Filled when a node leaves: its name and its status."""
    return {}


@launch_pytest.fixture
def simulation(tmp_path: Path, exit_codes: dict[str, int]) -> launch.LaunchDescription:
    def note(event: launch.events.process.ProcessExited, context: launch.LaunchContext) -> None:
        exit_codes[event.action.name.partition("-")[0]] = event.returncode

    return launch.LaunchDescription(
        [
            launch.actions.SetLaunchConfiguration("sigterm_timeout", "60"),  # a busy machine is no failure
            launch.actions.RegisterEventHandler(OnProcessExit(on_exit=note)),
            launch.actions.IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(resource_path("launch", "sim.launch.py"))),
                launch_arguments={"num_blocks": "4", "demonstrations": str(tmp_path)}.items(),
            ),
            launch_pytest.actions.ReadyToTest(),
        ]
    )


@pytest.mark.launch(fixture=simulation)
def test_one_demonstration_is_repeated_in_another_layout(tmp_path: Path, exit_codes: dict[str, int]) -> Iterator[None]:
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with NodeProcesses(tmp_path / "logs", {}) as operators:
        client = Client(operators, FETCH)
        try:
            client.reset_scene(TASK.num_blocks, seed=0)
            recorded = client.teach(str(TASK), "shown", time_limit=60.0)
            client.reset_scene(TASK.num_blocks, seed=1)
            result = imitate(client, "shown", 60.0)
            scene = client.scene()
        finally:
            client.close()
            rclpy.try_shutdown()
    assert Path(recorded.path) == tmp_path / "shown.mcap"
    assert result.outcome == Imitate.Result.SUCCEEDED, result.reason
    assert layout_reached(TASK, scene, NOMINAL)
    assert not exit_codes, "a node left early"
    yield
    assert exit_codes == dict.fromkeys((*SIMULATION_NODES, *FRAME_NODES), 0)
