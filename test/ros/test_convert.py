"""Messages to core types and back: nothing is lost, nothing wrong gets in."""

from __future__ import annotations

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Quaternion, TwistStamped
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ObservationError
from osil.robots.joint_history import JointHistory
from osil.robots.robot import load_robot
from osil.robots.sensing import observe_late
from osil.robots.trajectory import Trajectory
from osil.ros import convert
from osil.tasks.blocks import NOMINAL
from osil.worlds.pybullet import PyBulletWorld
from osil_interfaces.msg import BlockPose

FETCH = load_robot("fetch")

NAMES = ("a", "b", "c", "d")


def test_stamps_round_trip() -> None:
    for nanoseconds in (0, 999_999_999, 1_234_567_890_123_456_789):
        assert convert.to_nanoseconds(convert.to_stamp(nanoseconds)) == nanoseconds
    assert convert.to_stamp(1_500_000_000) == Time(sec=1, nanosec=500_000_000)


def test_scenes_round_trip_in_any_order_of_names() -> None:
    scene = FETCH.table.random_scene(4, np.random.default_rng(0))
    message = convert.from_blocks(convert.from_scene(scene, NAMES), 5)
    assert message.header.frame_id == "base_link"
    back = convert.to_scene(message.blocks, NAMES)
    np.testing.assert_allclose(back.block_positions, scene.block_positions, atol=1e-12)
    np.testing.assert_allclose(back.block_yaws, scene.block_yaws, atol=1e-12)
    turned = convert.to_scene(message.blocks, NAMES[::-1])
    np.testing.assert_allclose(turned.block_positions, scene.block_positions[::-1], atol=1e-12)


def test_live_observation_equals_the_simulated_worlds() -> None:
    """The recorder and the policy node see what a policy was trained on."""
    world = PyBulletWorld(FETCH, 4)
    try:
        seen = world.reset(FETCH.table.random_scene(4, np.random.default_rng(1)))
        seen = world.step(Action(np.array([0.02, -0.01, -0.02]), np.bool_(True), np.float64(0.1)))
        states = world.simulation.joint_states()
        joints = convert.from_joints(FETCH.all_joints, states.positions, states.velocities, states.efforts, 0)
        blocks = convert.from_poses(*world.simulation.bodies.block_poses(), NAMES)
    finally:
        world.close()
    history = JointHistory(FETCH)
    history.add(1, convert.to_joint_positions(joints))
    gripper = FETCH.kinematics.forward(history.at([1], FETCH.arm_joints), history.at([1], [FETCH.lift_joint])[:, 0])
    live = observe_late(convert.to_scene(blocks), gripper, history.at([1], FETCH.gripper.joints).sum(-1), NOMINAL)
    np.testing.assert_allclose(live.block_positions, seen.block_positions, atol=1e-5)
    np.testing.assert_allclose(live.block_yaws, seen.block_yaws, atol=1e-9)
    assert float(live.gripper_opening) == pytest.approx(float(seen.gripper_opening))


def test_actions_round_trip() -> None:
    action = Action(np.array([0.01, -0.02, 0.03]), np.bool_(True), np.float64(-0.07))
    twist = convert.from_action(action, 7, CONTROL_PERIOD)
    assert twist.twist.linear.x == pytest.approx(0.2), "metres a second"
    back = convert.to_action(twist, True, CONTROL_PERIOD)
    np.testing.assert_allclose(back.displacement, action.displacement)
    assert float(back.yaw_step) == pytest.approx(-0.07)
    assert back.close_gripper


def test_joint_targets_round_trip() -> None:
    message = convert.from_joint_targets(("x", "y"), np.array([0.5, -1.5]), 0.05)
    assert convert.to_joint_targets(message) == ({"x": 0.5, "y": -1.5}, 0.05)


def test_trajectories_round_trip_and_continue_the_motion() -> None:
    names, limits = ("x", "y"), np.array([1.0, 2.0])
    sent = Trajectory.to_rest(np.array([0.1, 0.2]), np.array([0.1, -0.1]), 0.1, np.array([0.12, -0.05]), limits)
    message = convert.from_trajectory(names, sent)
    assert convert.to_nanoseconds(message.header.stamp) == 0
    message.joint_names, swapped = ["y", "x"], message
    for point in swapped.points:
        point.positions, point.velocities = point.positions[::-1], point.velocities[::-1]
    back = convert.to_trajectory(swapped, names, sent.positions[0], sent.velocities[0])
    times = np.linspace(0.0, sent.duration, 20)
    np.testing.assert_allclose(back.at(times), sent.at(times), atol=1e-8)


def test_a_trajectory_without_velocities_moves_evenly() -> None:
    message = convert.from_joint_targets(("x",), np.array([0.5]), 0.1)
    followed = convert.to_trajectory(message, ("x",), np.array([0.0]), np.array([3.0]))
    np.testing.assert_allclose(followed.at(np.array([0.02, 0.05, 0.1]))[0][:, 0], [0.1, 0.25, 0.5])


def test_trajectories_whose_times_do_not_ascend_are_refused() -> None:
    message = convert.from_joint_targets(("x",), np.array([0.5]), 0.1)
    message.points = message.points * 2
    with pytest.raises(ObservationError, match="times that ascend"):
        convert.to_trajectory(message, ("x",), np.zeros(1), np.zeros(1))


def test_missing_surplus_and_double_blocks_are_refused() -> None:
    blocks = convert.from_scene(FETCH.table.random_scene(3, np.random.default_rng(0)), "abc")
    for wrong, names in ((blocks, "ab"), (blocks, "abcd"), ([*blocks, blocks[0]], "abc"), ([], "")):
        with pytest.raises(ObservationError, match="expected the poses of blocks"):
            convert.to_scene(wrong, names)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (Pose(orientation=Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)), "unit quaternion"),
        (Pose(orientation=Quaternion(x=0.0, y=0.0, z=0.0, w=4.0)), "unit quaternion"),
        (Pose(position=Point(x=1e6, y=0.0, z=0.42)), "said to be at"),
        (Pose(position=Point(x=600.0, y=50.0, z=420.0)), "are these metres"),
    ],
)
def test_block_poses_that_cannot_be_are_refused(block: Pose, reason: str) -> None:
    blocks = convert.from_scene(FETCH.table.random_scene(2, np.random.default_rng(0)), "ab")
    with pytest.raises(ObservationError, match=f"block b.*{reason}"):
        convert.to_scene([blocks[0], BlockPose(name="b", pose=block)])
    with pytest.raises(ObservationError, match="a and b are said to be in the same place"):
        convert.to_scene([blocks[0], BlockPose(name="b", pose=blocks[0].pose)])


def test_numbers_that_are_not_finite_are_refused() -> None:
    blocks = convert.from_scene(FETCH.table.random_scene(2, np.random.default_rng(0)), "ab")
    blocks[1].pose.position.z = float("nan")
    with pytest.raises(ObservationError, match="finite"):
        convert.to_scene(blocks)
    with pytest.raises(ObservationError, match="joint states: expected finite positions, got inf for y$"):
        convert.to_joint_positions(JointState(name=["x", "y"], position=[0.0, float("inf")]))
    twist = TwistStamped()
    twist.header.frame_id = "gripper"
    twist.twist.linear.y = float("nan")
    with pytest.raises(ObservationError, match="finite"):
        convert.to_action(twist, False, CONTROL_PERIOD)


def test_incomplete_messages_are_refused() -> None:
    with pytest.raises(ObservationError, match="joint states"):
        convert.to_joint_positions(JointState(name=["x", "y"], position=[0.0]))
    with pytest.raises(ObservationError, match="joint trajectory"):
        convert.to_joint_targets(JointTrajectory(joint_names=["x"]))
    with pytest.raises(ObservationError, match="shoulder_pan_joint"):
        convert.pick({"elbow_flex_joint": 0.0}, FETCH.arm_joints)
    with pytest.raises(ObservationError, match="frame 'gripper'"):
        convert.to_action(TwistStamped(), False, CONTROL_PERIOD)


def test_blocks_in_another_frame_are_refused() -> None:
    message = convert.from_blocks([BlockPose(name="a")], 1)
    convert.check_base_frame(message)
    message.header.frame_id = "camera"
    with pytest.raises(ObservationError, match="expected frame 'base_link', got 'camera'"):
        convert.check_base_frame(message)
