"""What is too near to a limit, one posture for each kind of limit."""

from __future__ import annotations

import numpy as np
import pytest

from osil.robots.clearance import clearances
from osil.robots.kinematics import GripperPose
from osil.robots.limits import JOINT_MARGIN
from osil.robots.robot import load_robot
from osil.robots.steering import MAX_TILT
from osil.robots.stop_reasons import StopReason

FETCH = load_robot("fetch")
READY = FETCH.kinematics.inverse(GripperPose(np.array([0.6, 0.0, 0.7]), np.array(0.0)), FETCH.home, FETCH.lift)


def exceeded(joints: np.ndarray, lift: float = FETCH.lift, table_height: float = FETCH.table.height) -> set[StopReason]:
    return {reason for reason, left in clearances(FETCH, joints[None], lift, table_height).items() if left[0] < 0.0}


def at(x: float, y: float, z: float) -> np.ndarray:
    return FETCH.kinematics.inverse(GripperPose(np.array([x, y, z]), np.array(0.0)), FETCH.home, FETCH.lift)


def test_a_ready_arm_is_clear_of_everything() -> None:
    assert not exceeded(READY)


@pytest.mark.parametrize("joint", [index for index in range(7) if np.isfinite(FETCH.upper[index])])
def test_a_joint_keeps_its_margin(joint: int) -> None:
    for limit, inwards in ((FETCH.lower, 1.0), (FETCH.upper, -1.0)):
        joints = READY.copy()
        joints[joint] = limit[joint] + 0.9 * inwards * JOINT_MARGIN
        assert StopReason.JOINT_MARGIN in exceeded(joints)
        joints[joint] = limit[joint] + 1.1 * inwards * JOINT_MARGIN
        assert StopReason.JOINT_MARGIN not in exceeded(joints)


def test_the_table_is_measured_from_the_torso_and_its_own_height() -> None:
    low = at(0.6, 0.0, FETCH.table.height + FETCH.gripper.tip + 0.005)
    assert not exceeded(low)
    assert exceeded(low, lift=FETCH.lift - 0.01) == {StopReason.TABLE}
    assert exceeded(low, table_height=FETCH.table.height + 0.01) == {StopReason.TABLE}


def test_the_wrist_stays_above_the_table_too() -> None:
    level = READY - 0.5 * np.pi * np.eye(7)[5]  # the hand points forward
    wrist, grasp = FETCH.kinematics.skeleton(level, FETCH.lift)[2:, 2]
    table = float(wrist) - 0.5 * FETCH.body.rod
    assert grasp - FETCH.gripper.tip > table
    assert StopReason.TABLE in exceeded(level, table_height=table)


def test_the_workspace_ends_above_and_beside_and_the_reach_far_out() -> None:
    high = FETCH.table.height + FETCH.limits.max_height
    assert StopReason.WORKSPACE not in exceeded(at(0.6, 0.0, high))
    assert StopReason.WORKSPACE in exceeded(at(0.6, 0.0, high + 0.05))
    assert StopReason.WORKSPACE in exceeded(at(0.0327 - 0.1, 0.6, 0.7))
    assert StopReason.REACH in exceeded(READY * [1, 0, 0, 0, 0, 0, 1])


def test_a_hand_that_is_folded_back_comes_too_near_to_the_trunk_or_the_upper_arm() -> None:
    folded = READY.copy()
    folded[[3, 5]] = 2.2, 2.1
    assert StopReason.SELF_COLLISION in exceeded(folded)


def test_an_arm_over_its_table_whose_hand_points_down_meets_another_limit_before_itself() -> None:
    lower, upper = np.maximum(FETCH.lower, -np.pi), np.minimum(FETCH.upper, np.pi)
    joints = np.random.default_rng(0).uniform(lower, upper, (100_000, 7))
    down = joints[FETCH.kinematics.tilt(joints) < MAX_TILT]
    left = clearances(FETCH, down, FETCH.lift, FETCH.table.height)
    itself = left.pop(StopReason.SELF_COLLISION)
    within = np.min(list(left.values()), axis=0) >= 0.0
    assert within.sum() > 300
    assert itself[within].min() > 0.03
    assert itself.min() < 0.0


def test_the_skeleton_ends_at_the_grasp_centre_and_keeps_its_lengths() -> None:
    joints = np.random.default_rng(0).uniform(-1.0, 1.0, (50, 7))
    points = FETCH.kinematics.skeleton(joints, 0.1)
    np.testing.assert_allclose(points[:, 3], FETCH.kinematics.forward(joints, 0.1).position)
    lengths = np.linalg.norm(np.diff(points, axis=1), axis=-1)
    np.testing.assert_allclose(lengths, lengths[:1].repeat(50, 0), atol=1e-12)
