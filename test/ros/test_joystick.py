"""What is asked of a joystick is what is read from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensor_msgs.msg import Joy

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ConfigError, ObservationError
from osil.ros.joystick import Joystick


def test_actions_round_trip(pad: Joystick) -> None:
    action = Action(np.array([0.01, -0.02, 0.035]), np.bool_(True), np.float64(-0.05))
    joy = pad.encode(action)
    assert pad.engaged(joy)
    back = pad.decode(joy, was_closed=False)
    np.testing.assert_allclose(back.displacement, action.displacement, atol=1e-8)
    assert float(back.yaw_step) == pytest.approx(-0.05)
    assert back.close_gripper


def test_a_stick_cannot_be_pushed_beyond_its_end(pad: Joystick) -> None:
    joy = pad.encode(Action(np.array([1.0, 0.0, -1.0]), np.bool_(False)))
    furthest = CONTROL_PERIOD * pad.max_speed
    np.testing.assert_allclose(pad.decode(joy, False).displacement, [furthest, 0.0, -furthest])


def test_gripper_stays_as_it_is_without_its_buttons(pad: Joystick) -> None:
    released = Joy(axes=[0.0] * 6, buttons=[0] * 11)
    assert not pad.engaged(released)
    assert pad.decode(released, was_closed=True).close_gripper
    assert not pad.decode(released, was_closed=False).close_gripper


def test_a_smaller_joystick_is_refused(pad: Joystick) -> None:
    assert not pad.engaged(Joy(axes=[0.0], buttons=[1]))
    with pytest.raises(ObservationError, match="1 axes"):
        pad.decode(Joy(axes=[0.0], buttons=[1] * 11), was_closed=False)


def test_one_axis_for_two_motions_is_refused(pad: Joystick) -> None:
    with pytest.raises(ConfigError, match="four different"):
        replace(pad, axis_y=pad.axis_x)
