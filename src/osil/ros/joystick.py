"""What the sticks and buttons of a joystick mean. Teleoperation reads it; keyboard and scripted operator write it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import Joy

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ObservationError
from osil.ros.parameters import parameter, require

NUM_AXES = 6
NUM_BUTTONS = 11

FULL_DEFLECTION = 1.01
"""Axes further out than this are no reading of a stick; a little is left for rounding."""


def unheard(publisher: Publisher) -> str:
    """Why nothing comes of a joystick that is published so; empty if somebody listens."""
    if publisher.get_subscription_count():
        return ""
    return f"nobody listens on {publisher.topic_name}; start the teleoperation node"


@dataclass(frozen=True)
class Joystick:
    """Axes (-1 to 1) and buttons, by their index in sensor_msgs/Joy.

    Raises:
        ConfigError: two of them are the same.
    """

    axis_x: int = parameter("axis that moves the gripper along its x (forward)", 0, NUM_AXES - 1)
    axis_y: int = parameter("axis that moves the gripper along its y (left)", 0, NUM_AXES - 1)
    axis_z: int = parameter("axis that moves the gripper up", 0, NUM_AXES - 1)
    axis_yaw: int = parameter("axis that turns the gripper about z (counter-clockwise)", 0, NUM_AXES - 1)
    button_dead_man: int = parameter("button that must be held for anything to happen", 0, NUM_BUTTONS - 1)
    button_close: int = parameter("button that closes the gripper", 0, NUM_BUTTONS - 1)
    button_open: int = parameter("button that opens the gripper", 0, NUM_BUTTONS - 1)
    max_speed: float = parameter("speed of the gripper at full deflection of an axis [m/s]", 0.01, 2.0, live=True)
    max_yaw_rate: float = parameter("turning speed of the gripper at full deflection [rad/s]", 0.01, 10.0, live=True)

    def __post_init__(self) -> None:
        axes, buttons = self._axes, [self.button_dead_man, self.button_close, self.button_open]
        require(len(set(axes)) == len(axes), f"axes {axes}: expected four different indices")
        require(len(set(buttons)) == len(buttons), f"buttons {buttons}: expected three different indices")

    @property
    def _axes(self) -> list[int]:
        return [self.axis_x, self.axis_y, self.axis_z, self.axis_yaw]

    @property
    def _full(self) -> np.ndarray:
        """Motion in one control period at full deflection: metres, metres, metres, radians."""
        return CONTROL_PERIOD * np.array([self.max_speed] * 3 + [self.max_yaw_rate])

    def encode(self, action: Action, gripper: bool = True) -> Joy:
        """How somebody who wants this action holds the joystick, with the dead-man button pressed.

        Args:
            action: for one control period.
            gripper: whether a gripper button is pressed as well; without it the fingers are left as they are.
        """
        axes, buttons = np.zeros(NUM_AXES), [0] * NUM_BUTTONS
        motion = np.append(action.displacement, action.yaw_step)
        axes[self._axes] = np.clip(motion / self._full, -1.0, 1.0)
        buttons[self.button_dead_man] = 1
        buttons[self.button_close if action.close_gripper else self.button_open] = int(gripper)
        return Joy(axes=axes.tolist(), buttons=buttons)

    def released(self) -> Joy:
        """The joystick let go."""
        return Joy(axes=[0.0] * NUM_AXES, buttons=[0] * NUM_BUTTONS)

    def engaged(self, joy: Joy) -> bool:
        """Whether the dead-man button is held."""
        return len(joy.buttons) > self.button_dead_man and bool(joy.buttons[self.button_dead_man])

    def decode(self, joy: Joy) -> tuple[Action, bool]:
        """The action that the joystick asks for in one control period, and whether it asks anything of the gripper.

        If it does not, because neither gripper button is pressed or both are, ``close_gripper`` means nothing: the
        fingers are to be left as they are.

        Raises:
            ObservationError: an axis or button is missing, or an axis is not within -1 to 1.
        """
        needed = max(self.button_dead_man, self.button_close, self.button_open)
        if len(joy.axes) <= max(self._axes) or len(joy.buttons) <= needed:
            raise ObservationError(
                f"joystick with {len(joy.axes)} axes and {len(joy.buttons)} buttons: expected at least "
                f"{max(self._axes) + 1} and {needed + 1}; set the axis and button parameters to fit it"
            )
        deflections = np.array(joy.axes, dtype=float)[self._axes]
        if not (np.abs(deflections) <= FULL_DEFLECTION).all():  # nor if it is NaN
            raise ObservationError(
                f"joystick with axes {self._axes} at {deflections.tolist()}: expected -1 to 1; calibrate its driver"
            )
        motion = np.clip(deflections, -1.0, 1.0) * self._full
        closes, opens = bool(joy.buttons[self.button_close]), bool(joy.buttons[self.button_open])
        return Action(motion[:3], np.array(closes), motion[3]), closes != opens
