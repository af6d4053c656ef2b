"""What the operator's hand asks of the arm ends when it lets go, in whatever way."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import NANOSECONDS
from osil.robots.kinematics import GripperPose
from osil.ros.page.control_law import ControlLaw
from osil.ros.page.hand import AHEAD, GRIPPING, STEPPING, TURNING, Hand

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
    hand.grasp(HERE.position, NOW)
    hand.drag(THERE, NOW)
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
    hand.grasp(HERE.position, NOW)
    hand.turn(0.8, NOW)
    hand.grip(True, NOW)
    hand.let_go()
    assert hand.action(NOW, HERE) is None
    hand.drag(THERE, NOW)  # of a browser that was frozen in the middle of a drag, and wakes
    assert hand.action(NOW, HERE) is None
    hand.grasp(HERE.position, NOW)
    assert hand.action(NOW, HERE) is not None


@pytest.mark.parametrize("place", [[np.nan, 0.0, 0.0], [np.inf, 0.0, 0.0], [0.0, 0.0], [[0.0, 0.0, 0.0]], []])
def test_a_place_that_is_none_is_passed_over(hand: Hand, place: list) -> None:
    hand.grasp(THERE, NOW)
    expected, _ = hand.action(NOW, HERE)
    hand.drag(np.array(place), NOW)
    action, _ = hand.action(NOW, HERE)
    np.testing.assert_array_equal(action.displacement, expected.displacement)
    hand.drop()
    hand.grasp(np.array(place), NOW)
    assert hand.action(NOW, HERE) is None
    hand.turn(np.nan, NOW)
    assert hand.action(NOW, HERE) is None


def test_a_clock_that_is_set_back_ends_what_was_asked_for_a_moment(hand: Hand) -> None:
    hand.grip(True, NOW)
    hand.turn(0.8, NOW)
    assert hand.action(NOW - NANOSECONDS, HERE) is None


LEFT = np.array([0.0, 0.01, 0.0])


def test_a_step_goes_on_for_a_moment_and_quick_steps_add_up(hand: Hand) -> None:
    hand.step(LEFT, 0.0, HERE, NOW)
    one = hand.action(NOW, HERE)
    hand.step(LEFT, 0.1, HERE, after(0.03))
    two = hand.action(after(0.03), HERE)
    assert one is not None
    assert two is not None
    assert np.linalg.norm(two[0].displacement) == pytest.approx(2.0 * np.linalg.norm(one[0].displacement))
    assert (one[0].yaw_step, two[0].yaw_step > 0.0) == (0.0, True)
    assert not two[1], "the fingers are left as they are"
    assert hand.action(after(0.03 + STEPPING + 0.01), HERE) is None


def test_a_key_that_is_held_sends_an_arm_that_does_not_move_no_further(hand: Hand) -> None:
    for _ in range(100):
        hand.step(LEFT, 0.0, HERE, NOW)
    wish = hand.action(NOW, HERE)
    hand.let_go()
    hand.grasp(HERE.position, NOW)
    hand.drag(HERE.position + AHEAD * LEFT / np.linalg.norm(LEFT), NOW)
    dragged = hand.action(NOW, HERE)
    assert wish is not None
    assert dragged is not None
    np.testing.assert_allclose(wish[0].displacement, dragged[0].displacement)


@pytest.mark.parametrize("turn", [0.1, -0.1])
def test_a_key_that_is_held_turns_an_arm_that_is_slow_in_one_direction(hand: Hand, turn: float) -> None:
    for _ in range(100):
        hand.step(np.zeros(3), turn, HERE, NOW)
        wish = hand.action(NOW, HERE)
        assert wish is not None
        assert wish[0].yaw_step * turn > 0.0


def test_letting_go_ends_steps(hand: Hand) -> None:
    hand.step(LEFT, 0.1, HERE, NOW)
    hand.let_go()
    assert hand.action(NOW, HERE) is None
