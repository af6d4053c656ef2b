"""What is asked of a joystick is what is read from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensor_msgs.msg import Joy

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ConfigError, ObservationError
from osil.ros.joystick import Joystick

STILL = Action(np.zeros(3), np.bool_(True))


def test_actions_round_trip(pad: Joystick) -> None:
    action = Action(np.array([0.01, -0.02, 0.035]), np.bool_(True), np.float64(-0.05))
    joy = pad.encode(action)
    assert pad.engaged(joy)
    back, gripper = pad.decode(joy)
    np.testing.assert_allclose(back.displacement, action.displacement, atol=1e-8)
    assert float(back.yaw_step) == pytest.approx(-0.05)
    assert gripper
    assert back.close_gripper


def test_a_stick_cannot_be_pushed_beyond_its_end(pad: Joystick) -> None:
    joy = pad.encode(Action(np.array([1.0, 0.0, -1.0]), np.bool_(False)))
    furthest = CONTROL_PERIOD * pad.max_speed
    np.testing.assert_allclose(pad.decode(joy)[0].displacement, [furthest, 0.0, -furthest])


def test_only_one_pressed_gripper_button_is_a_gripper_command(pad: Joystick) -> None:
    for close in (True, False):
        action, gripper = pad.decode(pad.encode(Action(np.zeros(3), np.bool_(close))))
        assert gripper
        assert action.close_gripper == close
    assert not pad.decode(pad.encode(STILL, gripper=False))[1]
    both = pad.encode(STILL)
    both.buttons[pad.button_open] = 1
    assert not pad.decode(both)[1]


def test_a_joystick_let_go_asks_for_nothing(pad: Joystick) -> None:
    assert not pad.engaged(pad.released())
    action, gripper = pad.decode(pad.released())
    assert not gripper
    assert not action.displacement.any()
    assert not action.yaw_step


def test_a_smaller_joystick_is_refused(pad: Joystick) -> None:
    assert not pad.engaged(Joy(axes=[0.0], buttons=[1]))
    with pytest.raises(ObservationError, match="1 axes"):
        pad.decode(Joy(axes=[0.0], buttons=[1] * 11))
    with pytest.raises(ObservationError, match="5 buttons"):
        pad.decode(Joy(axes=[0.0] * 6, buttons=[0] * 5))


@pytest.mark.parametrize("deflection", [np.nan, np.inf, -1e38, 1.5])
def test_what_no_stick_can_read_is_refused(pad: Joystick, deflection: float) -> None:
    joy = pad.encode(STILL)
    joy.axes[pad.axis_yaw] = deflection
    with pytest.raises(ObservationError, match="expected -1 to 1"):
        pad.decode(joy)


def test_one_axis_for_two_motions_is_refused(pad: Joystick) -> None:
    with pytest.raises(ConfigError, match="four different"):
        replace(pad, axis_y=pad.axis_x)
