"""The controller node before the simulated Fetch: it follows whoever is in charge, and otherwise holds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped, TwistStamped
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from trajectory_msgs.msg import JointTrajectory

from osil.core import CONTROL_PERIOD, Action, Scene
from osil.robots.frames import BASE_FRAME
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")


def push(x: float, y: float, z: float, steps: int, close: bool = False) -> list[Action]:
    """Move by metres in so many control steps."""
    return [Action(np.array([x, y, z]) / steps, np.bool_(close))] * steps


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand) -> None:
    processes.start("simulation", {"num_blocks": 2})
    processes.start("controller")
    client.reset_scene(2, 0)
    hand.connect()


@pytest.fixture(autouse=True)
def at_start(client: Client, hand) -> None:
    """The arm in its start pose, nobody in charge."""
    hand.wait(0.5)
    client.reset_scene(2, 0)
    hand.wait(2.5)  # the reset itself takes two seconds


def moved(hand, start: np.ndarray) -> np.ndarray:
    """How far the gripper has moved once it has come to rest, metres."""
    hand.wait(0.4)
    return hand.gripper().position - start


def test_a_run_of_commands_ends_where_it_ends_offline(hand, client: Client) -> None:
    """The same class controls here and in the offline world, and the way through ROS loses nothing.

    A busy machine does: commands that come in fits and starts let the arm brake in between. So this tries again.
    """
    actions = push(0.06, 0.05, -0.05, 12) + push(-0.02, 0.08, 0.02, 10)
    world = PyBulletWorld(FETCH, 2)
    try:
        scene = client.scene("ab")
        world.reset(Scene(scene.block_positions, scene.block_yaws))
        still = push(0.0, 0.0, 0.0, 8)
        for action in actions + still:
            world.step(action)
        states = world.simulation.joint_states()
    finally:
        world.close()
    offline = dict(zip(FETCH.arm_joints, states.positions, strict=False))

    def arrives() -> bool:
        client.reset_scene(2, 0)
        hand.wait(2.5)
        hand.command(actions)
        return hand.until(lambda: all(abs(hand.joints[one] - offline[one]) < 0.02 for one in FETCH.arm_joints), 5.0)

    assert any(arrives() for _ in range(4))
    hand.wait(0.4)
    for joint in FETCH.arm_joints:
        assert hand.joints[joint] == pytest.approx(offline[joint], abs=0.02), f"{joint} stays there"


def test_viewers_are_told_where_the_gripper_is_sent(hand) -> None:
    targets: list[PoseStamped] = []
    subscription = hand.create_subscription(PoseStamped, topics.GRIPPER_TARGET, targets.append, 10)
    assert hand.until(lambda: subscription.get_publisher_count() > 0)
    start = hand.gripper().position
    hand.command(push(0.0, 0.15, 0.0, 10))
    assert hand.until(lambda: bool(targets) and hand.gripper().position[1] - start[1] > 0.10)
    hand.wait(0.4)
    at = targets[-1].pose.position
    assert targets[-1].header.frame_id == BASE_FRAME
    np.testing.assert_allclose((at.x, at.y, at.z), hand.gripper().position, atol=5e-3, err_msg="and there it rests")
    hand.destroy_subscription(subscription)


def test_the_arm_is_slowed_down_while_the_controller_runs(hand, client: Client) -> None:
    caller = AsyncParameterClient(client, "controller")
    client.wait(caller.services_are_ready, "parameters of controller", 30.0)
    client.meet("controller")

    def limit(speed: float) -> float:
        """Set the greatest speed, push for half a second; returns how far that led, metres."""
        answer = caller.set_parameters([Parameter("max_speed", value=speed)])
        client.wait(answer.done, "parameters of controller", 30.0)
        assert answer.result().results[0].successful, answer.result().results[0].reason
        start = hand.gripper().position
        hand.command(push(0.0, 0.15, 0.0, 10))
        return moved(hand, start)[1]

    slow, fast = limit(0.1), limit(0.7)
    assert 0.0 < slow < 0.06
    assert fast > 0.1


def test_holds_when_commands_stop(hand) -> None:
    start = hand.gripper().position
    hand.command(push(0.0, 0.15, 0.0, 10))
    assert hand.until(lambda: hand.gripper().position[1] - start[1] > 0.10), "it moved"
    resting = moved(hand, start)
    np.testing.assert_allclose(moved(hand, start), resting, atol=1e-3, err_msg="and holds")


def test_numbers_that_are_not_finite_move_nothing(hand) -> None:
    start = hand.gripper().position
    command = push(0.0, 0.1, 0.0, 5)
    for action in command:  # past the check of the core type, as a foreign program could send it
        action.displacement[:] = np.nan
    hand.command(command)
    np.testing.assert_allclose(moved(hand, start), 0.0, atol=1e-3)


def test_a_twist_in_another_frame_moves_nothing(hand) -> None:
    start = hand.gripper().position
    hand.command(push(0.0, 0.1, 0.0, 5), frame="base_link")
    np.testing.assert_allclose(moved(hand, start), 0.0, atol=1e-3)


def test_teleoperation_wins_while_it_is_held(hand) -> None:
    """On a busy machine the button may count as let go in between, so this tries again."""

    def wins() -> bool:
        start = hand.gripper().position
        for _ in range(10):
            hand.command(push(0.01, 0.0, 0.0, 1), "policy")
            hand.command(push(0.0, 0.01, 0.0, 1), "teleop")
        forward, left, _ = moved(hand, start)
        return left > 0.03 and abs(forward) < 0.02  # at most the first command, which goes on until the arm has braked

    assert any(wins() for _ in range(3))
    start = hand.gripper().position
    hand.command(push(0.05, 0.0, 0.0, 10), "policy")
    assert hand.until(lambda: hand.gripper().position[0] - start[0] > 0.03), "once it is let go, the policy is followed"


def test_gripper_closes_and_opens(hand) -> None:
    hand.command(push(0.0, 0.0, 0.0, 20, close=True))
    assert hand.until(lambda: hand.opening() < 0.005)
    hand.command(push(0.0, 0.0, 0.0, 20))
    assert hand.until(lambda: hand.opening() > 0.06)


def test_joints_keep_to_their_speeds_whatever_is_asked(hand) -> None:
    sent: list[tuple[np.ndarray, float]] = []

    def note(message: JointTrajectory) -> None:
        first = message.points[0]
        seconds = convert.to_nanoseconds(first.time_from_start) / convert.NANOSECONDS
        sent.append(
            (convert.pick(dict(zip(message.joint_names, first.positions, strict=True)), FETCH.arm_joints), seconds)
        )

    subscription = hand.create_subscription(JointTrajectory, topics.ARM_TRAJECTORY, note, 10)
    hand.command(push(0.0, 40.0, 20.0, 20))
    hand.destroy_subscription(subscription)
    assert len(sent) > 10
    for (before, _), (after, seconds) in pairwise(sent):
        assert (np.abs(after - before) <= FETCH.speed * seconds * 1.01 + 1e-6).all()


def test_two_who_command_at_the_same_time_are_named(hand, client: Client, processes: NodeProcesses) -> None:
    other = client.create_publisher(TwistStamped, topics.GRIPPER_TWIST, 1)
    assert hand.until(lambda: other.get_subscription_count() > 0)
    for action in push(0.0, 0.02, 0.0, 10):
        other.publish(convert.from_action(action, hand.stamp, CONTROL_PERIOD))
        hand.command([action])
    log = processes.log("controller")
    assert hand.until(lambda: "/client and /hand command at the same time on gripper_twist_command" in log.read_text())
    client.destroy_publisher(other)


def test_another_who_moves_the_same_arm_is_noticed(hand, client: Client, processes: NodeProcesses) -> None:
    other = client.create_publisher(JointTrajectory, topics.ARM_TRAJECTORY, 1)
    try:
        assert hand.until(
            lambda: "another node publishes on /arm_controller" in processes.log("controller").read_text()
        )
    finally:
        client.destroy_publisher(other)
