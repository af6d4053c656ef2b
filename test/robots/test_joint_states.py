"""Joint states are known while they are reported, present and plausible."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import NANOSECONDS
from osil.errors import FutureError, ImplausibleReadingError, MissingReadingError, StaleError
from osil.robots.joint_states import SETTLING, JointStates
from osil.robots.robot import load_robot

FETCH = load_robot("fetch")
MAX_AGE = 0.25
SECOND = NANOSECONDS
HOME = dict(zip(FETCH.arm_joints, FETCH.home.tolist(), strict=True))
NAMES = FETCH.arm_joints


@pytest.fixture
def joints() -> JointStates:
    joints = JointStates(FETCH, MAX_AGE)
    joints.add(SECOND, SECOND, HOME)
    return joints


def test_the_newest_positions_come_in_the_order_that_is_asked_for(joints: JointStates) -> None:
    np.testing.assert_array_equal(joints.newest(SECOND, NAMES[::-1]), FETCH.home[::-1])


def test_a_joint_that_was_never_reported_is_named(joints: JointStates) -> None:
    with pytest.raises(MissingReadingError, match=FETCH.lift_joint):
        joints.check(SECOND, [*NAMES, FETCH.lift_joint])


def test_positions_of_another_time_are_refused(joints: JointStates) -> None:
    with pytest.raises(StaleError):
        joints.check(SECOND + round(1.1 * MAX_AGE * SECOND), NAMES)
    joints.add(SECOND, 2 * SECOND, HOME)
    with pytest.raises(FutureError):
        joints.check(SECOND, NAMES)


def test_after_a_jump_nothing_is_believed_until_readings_have_settled(joints: JointStates) -> None:
    jumped = {**HOME, NAMES[0]: HOME[NAMES[0]] + 1.0}
    now = SECOND + SECOND // 50
    with pytest.raises(ImplausibleReadingError):
        joints.add(now, now, jumped)
    for then in range(now, now + round(1.1 * SETTLING * SECOND), SECOND // 20):
        joints.add(then + SECOND // 100, then + SECOND // 100, jumped)
        if then < now + 0.9 * SETTLING * SECOND:
            with pytest.raises(ImplausibleReadingError):
                joints.check(then + SECOND // 100, NAMES)
    joints.check(then + SECOND // 100, NAMES)


def test_only_an_arm_that_reads_the_same_counts_as_unchanged(joints: JointStates) -> None:
    joints.add(2 * SECOND, 2 * SECOND, HOME)
    assert joints.unchanged(3 * SECOND) == 2.0
    joints.add(3 * SECOND, 3 * SECOND, {FETCH.gripper.joints[0]: 0.01})
    assert joints.unchanged(3 * SECOND) == 2.0, "fingers are not the arm"
    joints.add(3 * SECOND, 3 * SECOND, {**HOME, NAMES[0]: HOME[NAMES[0]] + 1e-9})
    assert joints.unchanged(3 * SECOND) == 0.0
