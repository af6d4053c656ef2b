"""The whole path on a fake Fetch: taught at the joystick, run-stopped amid the imitation, resumed, and done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from std_srvs.srv import Trigger

from osil import seeds
from osil.robots.gate_config import ON_A_ROBOT
from osil.robots.robot import load_robot
from osil.ros.client import Client
from osil.ros.node_processes import FETCH_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil_interfaces.action import Imitate
from osil_interfaces.srv import StartRecording, StopRecording

from .fake_fetch import FakeFetch
from .fake_tracker import FakeTracker
from .imitating import imitate

FETCH = load_robot("fetch")

TASK = StackingTask.parse("ab +c")
TAUGHT, IMITATED = (
    FETCH.table.random_scene(TASK.num_blocks, seeds.generator("demonstrate", seed)) for seed in range(2)
)


@pytest.fixture(scope="module")
def fetch(processes: NodeProcesses, client: Client, folder: Path) -> Iterator[FakeFetch]:
    """A robot with all nodes."""
    with FakeFetch(TAUGHT) as fetch:
        tracker = FakeTracker(fetch)
        lasting = {"demonstrations": str(folder), "use_sim_time": False}
        parameters = {
            "fetch_bridge": {"port": fetch.port},
            "controller": {"use_sim_time": False, **ON_A_ROBOT},
            "planning": {"use_sim_time": False},
            "policy": lasting,
            "recorder": lasting,
            "teleop": {"use_sim_time": False},
        }
        for node in FETCH_NODES:
            processes.start(node, parameters[node])
        resume(client)
        yield fetch
        tracker.close()


def resume(client: Client) -> None:
    """Once the robot is there, and well."""
    client.wait(lambda: client.call("controller/resume", Trigger).success, "the robot", 30.0)


def teach(client: Client, processes: NodeProcesses) -> None:
    assert client.call("recorder/start", StartRecording, name="shown").success
    processes.start("operator", {"task": str(TASK), "time_limit": 90.0, "use_sim_time": False})
    client.wait(lambda: not processes.running("operator"), "teaching", 120.0)
    recorded = client.call("recorder/stop", StopRecording)
    assert recorded.success, recorded.message


def test_taught_run_stopped_resumed_and_imitated(fetch: FakeFetch, client: Client, processes: NodeProcesses) -> None:
    teach(client, processes)
    assert layout_reached(TASK, client.scene(), NOMINAL), "the operator has shown it"
    fetch.move_blocks(IMITATED.block_positions)
    client.scene()

    def press_run_stop(feedback: Imitate.Feedback) -> None:
        fetch.runstopped |= feedback.seconds > 3.0

    interrupted = imitate(client, "shown", 90.0, press_run_stop)
    assert interrupted.outcome == Imitate.Result.CONTROLLER_LOST
    assert "run-stopped" in interrupted.reason
    rested = fetch.joints
    client.scene()
    assert abs(fetch.joints - rested).max() < 0.05, "but for what sinks without power"
    fetch.honest()
    resume(client)
    result = imitate(client, "shown", 90.0)
    assert result.outcome == Imitate.Result.SUCCEEDED, result.reason
    assert layout_reached(TASK, client.scene(), NOMINAL)
    away = abs(fetch.joints - FETCH.ready()).max()
    client.wait(lambda: client.call("planning/go_to_ready", Trigger).success, "the ready pose", 60.0)
    assert abs(fetch.joints - FETCH.ready()).max() < 0.05 < away
    assert layout_reached(TASK, client.scene(), NOMINAL), "nothing was touched"
    assert not fetch.problems
