"""Going to the ready pose with real nodes: the arm gets there, and can be stopped on its way."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import numpy as np
import pytest
from rclpy.action import ActionClient
from rclpy.task import Future
from std_srvs.srv import Trigger

from control_msgs.action import FollowJointTrajectory
from osil.core import Action
from osil.robots.robot import load_robot
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses

FETCH = load_robot("fetch")
READY = FETCH.ready()


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand) -> None:
    processes.start("simulation", {"num_blocks": 3})
    processes.start("controller")
    processes.start("planning")
    client.reset_scene(3, 0)
    hand.connect()
    for node in ("planning", "controller"):
        client.meet(node)


@pytest.fixture(autouse=True)
def aside(client: Client, hand) -> np.ndarray:
    """The arm beside its ready pose, at rest."""
    client.call("controller/resume", Trigger)
    client.reset_scene(3, 0)
    hand.wait(2.5)
    hand.command([Action(np.array([0.004, 0.016, -0.008]), np.bool_(False))] * 15)
    hand.wait(1.0)
    return joints(hand)


def joints(hand) -> np.ndarray:
    return convert.pick(hand.joints, FETCH.arm_joints)


def at_rest(hand) -> np.ndarray:
    """Where the joints stay for half a second. A busy machine is late with everything."""
    for _ in range(10):
        before = joints(hand)
        hand.wait(0.5)
        if np.abs(joints(hand) - before).max() < 1e-3:
            return before
    pytest.fail("the arm did not come to rest")


def ask(client: Client) -> Future:
    caller = client.create_client(Trigger, "planning/go_to_ready")
    client.wait(caller.service_is_ready, "the service", 30.0)
    client.meet("planning")
    return caller.call_async(Trigger.Request())


def set_off(client: Client, hand, start: np.ndarray) -> Future:
    """Asked, and on the way."""
    answer = ask(client)
    client.wait(lambda: hand.until(lambda: bool(np.abs(joints(hand) - start).max() > 0.05), 0.1), "motion", 30.0)
    return answer


def answer_of(client: Client, answer: Future) -> Trigger.Response:
    client.wait(answer.done, "planning/go_to_ready", 30.0)
    return answer.result()


def test_it_goes_there_and_says_so(client: Client, hand, aside: np.ndarray) -> None:
    assert np.abs(aside - READY).max() > 0.1
    answer = answer_of(client, ask(client))
    assert answer.success, answer.message
    hand.wait(0.2)
    np.testing.assert_allclose(joints(hand), READY, atol=0.02)
    again = answer_of(client, ask(client))
    assert again.success, again.message


def test_stop_ends_it_until_resume(client: Client, hand, aside: np.ndarray) -> None:
    answer = set_off(client, hand, aside)
    client.call("controller/stop", Trigger)
    refused = answer_of(client, answer)
    assert not refused.success
    assert "the operator has stopped the arm" in refused.message
    hand.wait(0.6)
    resting = joints(hand)
    assert np.abs(resting - READY).max() > 0.05, "it was still on its way"
    again = answer_of(client, ask(client))
    assert not again.success
    assert "the operator has stopped the arm" in again.message
    hand.wait(0.5)
    np.testing.assert_allclose(joints(hand), resting, atol=1e-3)
    client.call("controller/resume", Trigger)
    hand.wait(0.6)
    assert answer_of(client, ask(client)).success


def test_teleoperation_takes_over(client: Client, hand, aside: np.ndarray) -> None:
    answer = set_off(client, hand, aside)
    hand.command([Action(np.array([0.0, 0.0, 0.002]), np.bool_(False))] * 10, way="teleop")
    refused = answer_of(client, answer)
    assert not refused.success
    assert "teleoperation has taken over" in refused.message


def test_what_is_no_motion_is_refused_with_its_reason(client: Client, hand, aside: np.ndarray) -> None:
    caller = ActionClient(client, FollowJointTrajectory, topics.PLANNED_MOTION)
    client.wait(caller.server_is_ready, "the action", 30.0)
    client.meet("controller")
    times, ways, still = np.array([0.0, 2.0]), np.stack([aside, READY]), np.zeros((2, 7))
    good = Trajectory(times, ways, still)
    late, moving = Trajectory(times + 0.5, ways, still), Trajectory(times, ways, still + 0.1)
    unsure = Trajectory(times, ways, np.stack([np.full(7, np.nan), np.full(7, 0.5)]))
    away, unknown = Trajectory(times, ways[::-1], still), ("x", *FETCH.arm_joints[1:])
    long, fine = np.array([0.0, 1e9]), np.linspace(0.0, 2.0, convert.MOST_POINTS + 1)
    slow, many = Trajectory(long, ways, still), Trajectory(fine, *np.zeros((2, len(fine), 7)))
    torso = Trajectory(times, *np.zeros((2, 2, 8)))
    result = FollowJointTrajectory.Result

    def send(names: Sequence[str], trajectory: Trajectory) -> Future:
        message = convert.from_planned_trajectory(names, trajectory)
        return caller.send_goal_async(FollowJointTrajectory.Goal(trajectory=message))

    for names, trajectory, code, words in (
        (FETCH.arm_joints, late, result.INVALID_GOAL, "the first at 0 s"),
        (FETCH.arm_joints, moving, result.INVALID_GOAL, "to begin and to end at rest"),
        (FETCH.arm_joints, unsure, result.INVALID_GOAL, "expected finite positions, got nan"),
        (FETCH.arm_joints, away, result.INVALID_GOAL, "from where the arm is"),
        (FETCH.arm_joints, slow, result.INVALID_GOAL, "at most 600 s"),
        (FETCH.arm_joints, many, result.INVALID_GOAL, "at most 2000"),
        (unknown, good, result.INVALID_JOINTS, "shoulder_pan_joint, x"),
        ((*FETCH.arm_joints, "torso_lift_joint"), torso, result.INVALID_JOINTS, "torso_lift_joint"),
    ):
        sent = send(names, trajectory)
        client.wait(sent.done, "a goal", 30.0)
        ended = sent.result().get_result_async()
        client.wait(ended.done, "its end", 30.0)
        assert ended.result().result.error_code == code
        assert words in ended.result().result.error_string
    hand.wait(0.3)
    np.testing.assert_allclose(joints(hand), aside, atol=5e-3)
    sent = send(FETCH.arm_joints, good)
    client.wait(sent.done, "a goal", 30.0)
    assert hand.until(lambda: bool(np.abs(joints(hand) - aside).max() > 0.05))
    sent.result().cancel_goal_async()
    ended = sent.result().get_result_async()
    client.wait(ended.done, "its end", 30.0)
    assert ended.result().result.error_string == "cancelled by the client"
    caller.destroy()


def test_who_is_told_to_leave_ends_the_motion_first(
    processes: NodeProcesses, client: Client, hand, aside: np.ndarray
) -> None:
    set_off(client, hand, aside)
    processes.stop(["planning"])
    assert np.abs(at_rest(hand) - READY).max() > 0.05, "it was still on its way"
    processes.start("planning")
    client.meet("planning")


def test_a_controller_that_is_killed_is_waited_for_no_longer(
    processes: NodeProcesses, client: Client, hand, aside: np.ndarray
) -> None:
    """It is offered on for many seconds by the middleware."""
    answer = set_off(client, hand, aside)
    os.kill(processes.pid("controller"), signal.SIGKILL)
    processes.stop(["controller"])  # it is not looked after any more
    given_up = answer_of(client, answer)
    assert not given_up.success
    assert "nothing was heard of the controller" in given_up.message
    processes.start("controller")
    client.meet("controller")
    client.wait(lambda: answer_of(client, ask(client)).success, "the ready pose", 60.0)
