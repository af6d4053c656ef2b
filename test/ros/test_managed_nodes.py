"""Recorder, policy and controller by the standard transitions: idle, active, put aside, put away, ended."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.action import ActionClient
from std_srvs.srv import Trigger

from osil.core import Action
from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.ros import topics
from osil.ros.client import Client, Refused
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld
from osil_interfaces.action import Imitate
from osil_interfaces.msg import ControllerStatus
from osil_interfaces.srv import StartRecording

FETCH = load_robot("fetch")

NODES = ("controller", "recorder", "policy")

LEFT = Action(np.array([0.0, 0.008, 0.0]), np.array(False))
RIGHT = Action(np.array([0.0, -0.008, 0.0]), np.array(False))


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand, folder: Path) -> None:
    """A scene of 3 blocks, a demonstration of it, and nobody who has activated anything."""
    rng, task = np.random.default_rng(0), StackingTask.parse("ab +c")
    (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [task], FETCH.table.random_scene(3, rng)[None])
    storage.save(shown, folder / "three.mcap", "three", "abc")
    shutil.copytree(resource_path("models", "stacking"), folder / "model")
    processes.start("simulation", {"num_blocks": 3})
    kept = {"demonstrations": str(folder)}
    more = {"controller": {}, "recorder": kept, "policy": {"model": str(folder / "model"), **kept}}
    for node in NODES:
        processes.start(node, {"autostart": False, **more[node]})
    hand.connect()


def state(client: Client, node: str) -> int:
    return int(client.call(f"{node}/get_state", GetState).current_state.id)


def change(client: Client, node: str, transition: int) -> bool:
    """Whether the node went through a transition."""
    return bool(client.call(f"{node}/change_state", ChangeState, transition=Transition(id=transition)).success)


def activate(client: Client, node: str) -> None:
    if state(client, node) == State.PRIMARY_STATE_INACTIVE:
        assert change(client, node, Transition.TRANSITION_ACTIVATE)


@pytest.fixture
def active(client: Client) -> None:
    """All are."""
    for node in NODES:
        activate(client, node)


@pytest.fixture(scope="module")
def statuses(client: Client) -> list[ControllerStatus]:
    """Of the controller, as they come."""
    heard: list[ControllerStatus] = []
    client.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, heard.append, topics.LATCHED)
    return heard


def travelled(hand, actions: list[Action]) -> float:
    """How far the gripper has moved to the left once it rests again, metres."""
    before = hand.gripper().position[1]
    hand.command(actions)
    hand.wait(0.6)
    return float(hand.gripper().position[1] - before)


def test_without_autostart_nothing_moves_and_each_says_how_to_begin(
    client: Client, hand, processes: NodeProcesses, statuses: list[ControllerStatus]
) -> None:
    for node in NODES:
        assert state(client, node) == State.PRIMARY_STATE_INACTIVE
        assert f"ros2 lifecycle set /{node} activate" in processes.log(node).read_text()
    assert abs(travelled(hand, [LEFT] * 10)) < 1e-3
    client.wait(lambda: bool(statuses) and statuses[-1].reason_name == "INACTIVE", "the controller's status", 10.0)
    assert statuses[-1].state == ControllerStatus.STOPPED
    for refused in (
        client.call("recorder/start", StartRecording, name="idle"),
        client.call("controller/resume", Trigger),
    ):
        assert not refused.success
        assert "is not active; to begin: ros2 lifecycle set /" in refused.message
    assert not list(hand.get_publishers_info_by_topic("policy/_action/status")), "no goal would be followed"


def test_once_activated_the_arm_follows_whoever_commands_anew(client: Client, hand) -> None:
    activate(client, "controller")
    hand.wait(0.6)
    assert travelled(hand, [LEFT] * 10) > 0.05


def test_a_controller_that_is_deactivated_on_the_way_brings_the_arm_to_rest(client: Client, hand, active: None) -> None:
    caller = client.create_client(ChangeState, "controller/change_state")

    def during(transition: int, actions: list[Action]) -> None:
        """Go on commanding while the transition is made."""
        answer = caller.call_async(ChangeState.Request(transition=Transition(id=transition)))
        hand.command(actions)
        client.wait(answer.done, "controller/change_state", 30.0)
        assert answer.result().success

    client.wait(caller.service_is_ready, "controller/change_state", 30.0)
    client.meet("controller")
    hand.command([RIGHT] * 10)
    during(Transition.TRANSITION_DEACTIVATE, [RIGHT] * 15)
    rested = hand.gripper().position
    hand.command([RIGHT] * 10)
    np.testing.assert_allclose(hand.gripper().position, rested, atol=1e-3)
    during(Transition.TRANSITION_ACTIVATE, [RIGHT] * 10)
    np.testing.assert_allclose(hand.gripper().position, rested, atol=1e-3, err_msg="by a stream that never let go")
    hand.wait(0.6)
    assert travelled(hand, [LEFT] * 10) > 0.05


def test_a_recorder_that_is_deactivated_keeps_what_it_has(client: Client, hand, folder: Path, active: None) -> None:
    assert client.call("recorder/start", StartRecording, name="cut").success
    hand.command([LEFT] * 12, "teleop")
    assert change(client, "recorder", Transition.TRANSITION_DEACTIVATE)
    assert len(storage.load(folder / "cut-recovered.mcap").demonstration) >= 11
    assert "not active" in client.call("recorder/start", StartRecording, name="next").message
    activate(client, "recorder")
    assert client.call("recorder/start", StartRecording, name="next").success
    assert client.call("recorder/discard", Trigger).success


def imitate(client: Client) -> Imitate.Result:
    return client.imitate("three", 0.3, 0, lambda feedback: None)


def test_a_goal_ends_by_name_when_the_policy_is_deactivated(client: Client, active: None) -> None:
    goals, feedback = ActionClient(client, Imitate, "policy/imitate"), []
    client.wait(goals.server_is_ready, "policy/imitate", 30.0)
    client.meet("policy")
    sent = goals.send_goal_async(Imitate.Goal(demonstration="three"), feedback.append)
    client.wait(lambda: len(feedback) > 3, "feedback", 30.0)
    ended = sent.result().get_result_async()
    assert change(client, "policy", Transition.TRANSITION_DEACTIVATE)
    client.wait(ended.done, "result", 30.0)
    assert ended.result().result.outcome == Imitate.Result.FAILED
    assert ended.result().result.reason == "the policy was deactivated"
    goals.destroy()
    with pytest.raises(Refused, match="policy is not active"):
        imitate(client)
    activate(client, "policy")
    assert imitate(client).outcome == Imitate.Result.TIME_LIMIT


def names_of(client: Client, node: str) -> set[str]:
    """The topics, services and actions that only this node has."""
    found = [
        *client.get_publisher_names_and_types_by_node(node, "/"),
        *client.get_service_names_and_types_by_node(node, "/"),
        *client.get_subscriber_names_and_types_by_node(node, "/"),
    ]
    return {name for name, _ in found}


def test_what_cannot_be_read_is_refused_by_name_and_may_be_mended(
    client: Client, processes: NodeProcesses, folder: Path, active: None
) -> None:
    before = names_of(client, "policy")
    assert change(client, "policy", Transition.TRANSITION_DEACTIVATE)
    assert change(client, "policy", Transition.TRANSITION_CLEANUP)
    mine = {"/policy/imitate/_action/status", "/policy/understand", "/policy/status", "/gripper_twist_command"}
    assert mine <= before
    client.wait(lambda: not mine & names_of(client, "policy"), "what the policy had made to go", 10.0)
    (folder / "model").rename(folder / "away")
    assert not change(client, "policy", Transition.TRANSITION_CONFIGURE)
    assert state(client, "policy") == State.PRIMARY_STATE_UNCONFIGURED
    told = processes.log("policy").read_text().splitlines()[-1]
    assert "unconfigured: " in told
    assert str(folder / "model") in told
    (folder / "away").rename(folder / "model")
    assert change(client, "policy", Transition.TRANSITION_CONFIGURE)
    activate(client, "policy")
    client.wait(lambda: before <= names_of(client, "policy"), "what the policy makes", 30.0)
    assert imitate(client).outcome == Imitate.Result.TIME_LIMIT


@pytest.mark.parametrize("node", NODES)
def test_each_can_be_put_away_taken_up_again_and_shut_down(node: str, client: Client, processes: NodeProcesses) -> None:
    activate(client, node)
    for transition, reached in (
        (Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED),
        (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
        (Transition.TRANSITION_ACTIVE_SHUTDOWN, State.PRIMARY_STATE_FINALIZED),
    ):
        assert change(client, node, transition)
        assert state(client, node) == reached
        assert not change(client, node, Transition.TRANSITION_CALLBACK_ERROR), "which nobody may ask for"
    os.kill(processes.pid(node), signal.SIGINT)
    client.wait(lambda: not processes.running(node), "the end", 20.0)
    assert "Traceback" not in processes.log(node).read_text()
