"""The gripper goes to where it is dragged, no faster than it may, whichever way it is turned."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from osil.core import CONTROL_PERIOD
from osil.geometry import rotate_z, wrap_angle
from osil.robots.kinematics import GripperPose
from osil.ros.page.control_law import ControlLaw

LAW = ControlLaw()

places = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)
poses = st.builds(GripperPose, places, st.floats(-10.0, 10.0).map(np.array))


def step(pose: GripperPose, target: GripperPose) -> GripperPose:
    """Where a gripper comes that does exactly what it is told."""
    action = LAW.action(target, pose, close=False)
    return GripperPose(pose.position + rotate_z(action.displacement, pose.yaw), pose.yaw + action.yaw_step)


def away(pose: GripperPose, target: GripperPose) -> tuple[float, float]:
    """Metres and radians."""
    return float(np.linalg.norm(target.position - pose.position)), float(abs(wrap_angle(target.yaw - pose.yaw)))


@settings(deadline=None)
@given(poses, poses)
def test_speed_keeps_to_its_limits(pose: GripperPose, target: GripperPose) -> None:
    action = LAW.action(target, pose, close=True)
    assert np.linalg.norm(action.displacement) <= LAW.max_speed * CONTROL_PERIOD * (1 + 1e-9)
    assert abs(action.yaw_step) <= LAW.max_yaw_rate * CONTROL_PERIOD * (1 + 1e-9)
    assert action.close_gripper


@settings(deadline=None)
@given(poses, poses)
def test_each_step_comes_nearer_and_none_overshoots(pose: GripperPose, target: GripperPose) -> None:
    (far, turn), (nearer, less) = away(pose, target), away(step(pose, target), target)
    assert nearer <= far
    assert less <= turn + 1e-12
    assert nearer < far or far < 1e-9
    way, left = target.position - pose.position, target.position - step(pose, target).position
    assert way @ left >= -1e-12, "still on the same side of the target"


@settings(deadline=None, max_examples=20)
@given(poses, poses)
def test_it_arrives_and_stays(pose: GripperPose, target: GripperPose) -> None:
    for _ in range(300):
        pose = step(pose, target)
    assert max(away(pose, target)) < 1e-6
    there = LAW.action(target, target, close=False)
    assert not there.displacement.any()
    assert there.yaw_step == 0.0


@settings(deadline=None)
@given(poses, poses, st.floats(-3.0, 3.0))
def test_the_motion_is_the_same_wherever_the_gripper_faces(pose: GripperPose, target: GripperPose, yaw: float) -> None:
    """Turn the whole scene, and what is done in the gripper frame does not change."""

    def turned(one: GripperPose) -> GripperPose:
        return GripperPose(rotate_z(one.position, yaw), one.yaw + yaw)

    here, there = LAW.action(target, pose, close=False), LAW.action(turned(target), turned(pose), close=False)
    np.testing.assert_allclose(here.displacement, there.displacement, atol=1e-9)
    if abs(abs(wrap_angle(target.yaw - pose.yaw)) - np.pi) > 1e-6:  # half a turn away either way is as near
        np.testing.assert_allclose(here.yaw_step, there.yaw_step, atol=1e-9)
