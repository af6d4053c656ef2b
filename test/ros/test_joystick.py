"""What is asked of a joystick is what is read from it."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import Joy

from osil.core import Action
from osil.errors import ConfigError, ObservationError
from osil.ros.joystick import Joystick

PAD = Joystick(
    axis_x=1,
    axis_y=0,
    axis_z=4,
    axis_yaw=3,
    button_dead_man=5,
    button_close=0,
    button_open=1,
    max_speed=0.7,
    max_yaw_rate=2.0,
)


def test_actions_round_trip() -> None:
    action = Action(np.array([0.01, -0.02, 0.035]), np.bool_(True), np.float64(-0.05))
    joy = PAD.encode(action)
    assert PAD.engaged(joy)
    back = PAD.decode(joy, was_closed=False)
    np.testing.assert_allclose(back.displacement, action.displacement, atol=1e-8)
    assert float(back.yaw_step) == pytest.approx(-0.05)
    assert back.close_gripper


def test_a_stick_cannot_be_pushed_beyond_its_end() -> None:
    joy = PAD.encode(Action(np.array([1.0, 0.0, -1.0]), np.bool_(False)))
    np.testing.assert_allclose(PAD.decode(joy, False).displacement, [0.035, 0.0, -0.035])


def test_gripper_stays_as_it_is_without_its_buttons() -> None:
    released = Joy(axes=[0.0] * 6, buttons=[0] * 11)
    assert not PAD.engaged(released)
    assert PAD.decode(released, was_closed=True).close_gripper
    assert not PAD.decode(released, was_closed=False).close_gripper


def test_a_smaller_joystick_is_refused() -> None:
    assert not PAD.engaged(Joy(axes=[0.0], buttons=[1]))
    with pytest.raises(ObservationError, match="1 axes"):
        PAD.decode(Joy(axes=[0.0], buttons=[1] * 11), was_closed=False)


def test_one_axis_for_two_motions_is_refused() -> None:
    with pytest.raises(ConfigError, match="four different"):
        Joystick(1, 1, 4, 3, 5, 0, 1, 0.7, 2.0)
