"""What the operator's hand asks of the arm ends when it lets go, in whatever way."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import NANOSECONDS
from osil.robots.kinematics import GripperPose
from osil.ros.page.control_law import ControlLaw
from osil.ros.page.hand import GRIPPING, TURNING, Hand

HERE = GripperPose(np.array([0.6, 0.0, 0.8]), np.array(0.3))
THERE = HERE.position + np.array([0.0, 0.1, 0.0])

NOW = 5 * NANOSECONDS


def after(seconds: float) -> int:
    return NOW + round(seconds * NANOSECONDS)


@pytest.fixture
def hand() -> Hand:
    return Hand(ControlLaw())


def test_an_idle_hand_asks_nothing(hand: Hand) -> None:
    assert hand.action(NOW, HERE) is None


def test_a_drag_lasts_until_it_is_dropped(hand: Hand) -> None:
    hand.grasp(HERE.position)
    hand.drag(THERE)
    for seconds in (0.0, 1.0, 100.0):  # held still a pointer says nothing
        wish = hand.action(after(seconds), HERE)
        assert wish is not None
        action, gripper = wish
        assert np.linalg.norm(action.displacement) > 0.0
        assert action.yaw_step == 0.0
        assert not gripper, "the fingers are left as they are"
    hand.drop()
    assert hand.action(NOW, HERE) is None


def test_turning_ends_when_the_gripper_is_there_or_does_not_get_there(hand: Hand) -> None:
    hand.turn(0.8, NOW)
    wish = hand.action(NOW, HERE)
    assert wish is not None
    assert wish[0].yaw_step > 0.0
    assert not wish[0].displacement.any()
    assert hand.action(NOW, GripperPose(HERE.position, np.array(0.8))) is None
    hand.turn(0.8, NOW)
    assert hand.action(after(TURNING + 0.1), HERE) is None


@pytest.mark.parametrize("close", [True, False])
def test_fingers_are_commanded_for_a_moment_while_the_arm_is_still(hand: Hand, close: bool) -> None:
    hand.grip(close, NOW)
    wish = hand.action(NOW, HERE)
    assert wish is not None
    action, gripper = wish
    assert gripper
    assert bool(action.close_gripper) == close
    assert not action.displacement.any()
    assert hand.action(after(GRIPPING + 0.1), HERE) is None


def test_a_hand_that_was_made_to_let_go_has_to_grasp_anew(hand: Hand) -> None:
    hand.grasp(HERE.position)
    hand.turn(0.8, NOW)
    hand.grip(True, NOW)
    hand.let_go()
    assert hand.action(NOW, HERE) is None
    hand.drag(THERE)  # of a browser that was frozen in the middle of a drag, and wakes
    assert hand.action(NOW, HERE) is None
    hand.grasp(HERE.position)
    assert hand.action(NOW, HERE) is not None


@pytest.mark.parametrize("place", [[np.nan, 0.0, 0.0], [np.inf, 0.0, 0.0], [0.0, 0.0], [[0.0, 0.0, 0.0]], []])
def test_a_place_that_is_none_is_passed_over(hand: Hand, place: list) -> None:
    hand.grasp(THERE)
    expected, _ = hand.action(NOW, HERE)
    hand.drag(np.array(place))
    action, _ = hand.action(NOW, HERE)
    np.testing.assert_array_equal(action.displacement, expected.displacement)
    hand.drop()
    hand.grasp(np.array(place))
    assert hand.action(NOW, HERE) is None
    hand.turn(np.nan, NOW)
    assert hand.action(NOW, HERE) is None


def test_a_clock_that_is_set_back_ends_what_was_asked_for_a_moment(hand: Hand) -> None:
    hand.grip(True, NOW)
    hand.turn(0.8, NOW)
    assert hand.action(NOW - NANOSECONDS, HERE) is None
