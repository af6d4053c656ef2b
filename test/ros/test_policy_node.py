"""The imitation action's refusals and endings, with an untrained network before the simulated Fetch."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from rclpy.action import ActionClient

from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.networks.stacking import StackingNetwork
from osil.policies.stacking import PolicyConfig, save_policy
from osil.robots.robot import load_robot
from osil.ros import topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld
from osil_interfaces.action import Imitate
from osil_interfaces.msg import PolicyAttention, PolicyStatus
from osil_interfaces.srv import UnderstandDemonstration

FETCH = load_robot("fetch")

Result = Imitate.Result


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, folder: Path) -> None:
    """Demonstrations of 3 blocks (whole, truncated, of nothing) and of 4; a scene of 3 blocks."""
    rng = np.random.default_rng(0)
    for name, task in (("three", "ab +c"), ("four", "ab dc")):
        blocks = StackingTask.parse(task).num_blocks
        (shown,), _ = demonstrate(
            KinematicWorld(rng, FETCH), [StackingTask.parse(task)], FETCH.table.random_scene(blocks, rng)[None]
        )
        storage.save(shown, folder / f"{name}.mcap", name, "abcd"[:blocks])
        if name == "three":
            still = shown[np.full(50, len(shown) - 1)]
            storage.save(still, folder / "still.mcap", "still", "abc")
    (folder / "truncated.mcap").write_bytes((folder / "three.mcap").read_bytes()[:-500])
    torch.manual_seed(0)
    config = PolicyConfig()
    save_policy(folder / "model", StackingNetwork(config.network), config)
    processes.start("controller")
    processes.start("policy", {"model": str(folder / "model"), "demonstrations": str(folder)})
    simulate(processes, client)


def simulate(processes: NodeProcesses, client: Client) -> None:
    """Start the simulation and wait until the policy node sees the robot."""
    processes.start("simulation", {"num_blocks": 3})
    while Goal(client, "three", time_limit=0.1).result().outcome != Result.TIME_LIMIT:
        processes.check()  # after a restart it may take a moment


class Goal:
    """One goal, from sending it to its result."""

    def __init__(self, client: Client, demonstration: str, time_limit: float = 30.0) -> None:
        self._client, self.feedback = client, []
        self._imitate = ActionClient(client, Imitate, "policy/imitate")
        client.wait(self._imitate.server_is_ready, "policy/imitate", 30.0)
        client.meet("policy")
        goal = Imitate.Goal(demonstration=demonstration, time_limit=time_limit)
        sent = self._imitate.send_goal_async(goal, lambda message: self.feedback.append(message.feedback))
        client.wait(sent.done, "goal", 30.0)
        self.handle = sent.result()
        self._result = self.handle.get_result_async()

    def result(self) -> Result:
        self._client.wait(self._result.done, "result", 60.0)
        self._imitate.destroy()
        return self._result.result().result

    def under_way(self) -> None:
        self._client.wait(lambda: len(self.feedback) > 3, "feedback", 30.0)


@pytest.mark.parametrize(
    ("demonstration", "reason"),
    [
        ("four", "about 4 blocks (a b c d), but 3 are seen (a b c)"),
        ("truncated", "not a whole demonstration file"),
        ("still", "nothing happens in this demonstration"),
        ("missing", "cannot read"),
    ],
)
def test_unusable_demonstrations_are_refused(client: Client, demonstration: str, reason: str) -> None:
    result = Goal(client, demonstration).result()
    assert result.outcome == Result.REFUSED
    assert reason in result.reason


def understand(client: Client, demonstration: str) -> UnderstandDemonstration.Response:
    return client.call("policy/understand", UnderstandDemonstration, demonstration=demonstration)


def test_what_is_understood_is_told_without_a_goal(client: Client) -> None:
    told = understand(client, "three")
    assert told.success, told.message
    for stage in told.understood:
        assert {stage.source, stage.target} <= set("abc")
        assert f"{stage.source} onto {stage.target}" in told.message
    refused = understand(client, "still")
    assert not refused.success
    assert "nothing happens in this demonstration" in refused.message
    assert not refused.understood


def test_while_a_goal_is_under_way_nothing_else_is_understood(client: Client) -> None:
    goal = Goal(client, "three", time_limit=20.0)
    goal.under_way()
    refused = understand(client, "three")
    assert not refused.success
    assert "another demonstration is being imitated" in refused.message
    goal.handle.cancel_goal_async()
    assert goal.result().outcome == Result.CANCELLED


def test_a_goal_right_after_a_cancelled_one_is_taken(client: Client) -> None:
    first = Goal(client, "three", time_limit=20.0)
    first.under_way()
    first.handle.cancel_goal_async()
    assert first.result().outcome == Result.CANCELLED
    second = Goal(client, "three", time_limit=20.0)
    second.under_way()
    second.handle.cancel_goal_async()
    assert second.result().outcome == Result.CANCELLED


def test_time_limit_ends_the_goal_and_feedback_streams(client: Client) -> None:
    looked: list[PolicyAttention] = []
    listening = client.create_subscription(PolicyAttention, topics.POLICY_ATTENTION, looked.append, 10)
    client.wait(lambda: client.count_publishers(topics.POLICY_ATTENTION) > 0, "policy/attention", 30.0)
    goal = Goal(client, "three", time_limit=1.0)
    result = goal.result()
    client.destroy_subscription(listening)
    assert result.outcome == Result.TIME_LIMIT, result.reason
    assert (result.stages_done, result.stages_total) == (0, 1)
    assert result.seconds == pytest.approx(1.0, abs=0.2)
    assert len(goal.feedback) > 5
    assert len(looked) > 5, "and so does attention"
    for attention in looked:
        assert list(attention.blocks) == ["a", "b", "c"]
        for shares in (attention.source, attention.target, attention.moments):
            assert sum(shares) == pytest.approx(1.0, abs=1e-3)
        assert len(attention.moments) <= 100
    for feedback in goal.feedback:
        assert {feedback.source, feedback.target} <= set("abc")
        assert 0.0 <= feedback.progress <= 1.0
        for stage in feedback.understood:
            assert {stage.source, stage.target} <= set("abc")
            assert 0.0 <= stage.begin < stage.end
            assert 0.0 < stage.confidence < 1.0
    assert [one.seconds for one in goal.feedback] == sorted(one.seconds for one in goal.feedback)


def test_a_path_serves_as_well_as_a_name_and_a_second_goal_is_refused(client: Client, folder: Path) -> None:
    first = Goal(client, str(folder / "three.mcap"))
    first.under_way()
    second = Goal(client, "three").result()
    assert second.outcome == Result.REFUSED
    assert "another demonstration" in second.reason
    first.handle.cancel_goal_async()
    cancelled = first.result()
    assert cancelled.outcome == Result.CANCELLED
    assert Goal(client, "three", time_limit=0.3).result().outcome == Result.TIME_LIMIT, "and the next one is taken"


def test_a_simulation_that_dies_aborts_the_goal(client: Client, processes: NodeProcesses) -> None:
    goal = Goal(client, "three")
    goal.under_way()
    processes.stop(["simulation"])
    stopped = time.monotonic()
    result = goal.result()
    assert result.outcome == Result.OBSERVATION_LOST
    assert "nothing usable was seen" in result.reason
    assert time.monotonic() - stopped < 30.0
    refused = Goal(client, "three").result()
    assert refused.outcome == Result.REFUSED, "still nothing new is seen"
    assert "the clock has stopped" in refused.reason
    simulate(processes, client)  # and with a new simulation everything goes on


@pytest.mark.parametrize("time_limit", [-1.0, float("nan"), float("inf")])
def test_a_time_limit_that_is_none_is_refused(client: Client, time_limit: float) -> None:
    result = Goal(client, "three", time_limit).result()
    assert result.outcome == Result.REFUSED
    assert "time_limit" in result.reason


def test_the_status_tells_what_the_policy_does(client: Client) -> None:
    heard: list[PolicyStatus] = []
    subscription = client.create_subscription(PolicyStatus, topics.POLICY_STATUS, heard.append, topics.LATCHED)
    Goal(client, "three", time_limit=1.0).result()
    client.wait(lambda: heard[-1].state == PolicyStatus.IDLE and "time limit" in heard[-1].reason, "idle", 10.0)
    acting = [status for status in heard if status.state == PolicyStatus.ACTING]
    assert acting
    assert all(abs(status.observation_age) < 0.3 for status in acting)
    client.destroy_subscription(subscription)


def test_without_a_controller_a_goal_ends_and_none_is_taken(client: Client, processes: NodeProcesses) -> None:
    goal = Goal(client, "three", time_limit=0.0)
    goal.under_way()
    processes.stop(["controller"])
    result = goal.result()
    assert result.outcome == Result.CONTROLLER_LOST
    assert "is the controller running?" in result.reason
    refused = Goal(client, "three", time_limit=0.0).result()
    assert refused.outcome == Result.REFUSED
    assert "is the controller running?" in refused.reason
    processes.start("controller")
    client.wait(
        lambda: Goal(client, "three", time_limit=0.3).result().outcome == Result.TIME_LIMIT, "the next goal", 20.0
    )


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_policy_that_is_told_to_leave_tells_its_client(
    client: Client, processes: NodeProcesses, folder: Path, signum: signal.Signals
) -> None:
    goal = Goal(client, "three")
    goal.under_way()
    os.kill(processes.pid("policy"), signum)
    result = goal.result()
    assert result.outcome == Result.FAILED
    assert "told to leave" in result.reason
    client.wait(lambda: not processes.running("policy"), "the policy's end", 30.0)
    assert processes.log("policy").read_text().count("Traceback") == 0
    processes.start("policy", {"model": str(folder / "model"), "demonstrations": str(folder)})
    assert client.imitate("three", 0.3, 0, lambda feedback: None).outcome == Result.TIME_LIMIT, "and a new one serves"
