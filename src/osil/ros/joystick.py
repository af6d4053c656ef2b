"""What the sticks and buttons of a joystick mean. Teleoperation reads it; keyboard and scripted operator write it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import Joy

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ObservationError
from osil.ros.parameters import parameter, require

NUM_AXES = 6
NUM_BUTTONS = 11


@dataclass(frozen=True)
class Joystick:
    """Axes (-1 to 1) and buttons, by their index in sensor_msgs/Joy.

    Raises:
        ConfigError: an index or a speed that cannot be.
    """

    axis_x: int = parameter("axis that moves the gripper along its x (forward)")
    axis_y: int = parameter("axis that moves the gripper along its y (left)")
    axis_z: int = parameter("axis that moves the gripper up")
    axis_yaw: int = parameter("axis that turns the gripper about z (counter-clockwise)")
    button_dead_man: int = parameter("button that must be held for anything to happen")
    button_close: int = parameter("button that closes the gripper")
    button_open: int = parameter("button that opens the gripper")
    max_speed: float = parameter("speed of the gripper at full deflection of an axis [m/s]")
    max_yaw_rate: float = parameter("turning speed of the gripper at full deflection [rad/s]")

    def __post_init__(self) -> None:
        axes, buttons = self._axes, [self.button_dead_man, self.button_close, self.button_open]
        require(
            len(set(axes)) == 4 and all(0 <= axis < NUM_AXES for axis in axes),
            f"axes {axes}: expected four different indices from 0 to {NUM_AXES - 1}",
        )
        require(
            len(set(buttons)) == 3 and all(0 <= button < NUM_BUTTONS for button in buttons),
            f"buttons {buttons}: expected three different indices from 0 to {NUM_BUTTONS - 1}",
        )
        require(self.max_speed > 0 and self.max_yaw_rate > 0, "max_speed and max_yaw_rate: expected more than 0")

    @property
    def _axes(self) -> list[int]:
        return [self.axis_x, self.axis_y, self.axis_z, self.axis_yaw]

    @property
    def _full(self) -> np.ndarray:
        """Motion in one control period at full deflection: metres, metres, metres, radians."""
        return CONTROL_PERIOD * np.array([self.max_speed] * 3 + [self.max_yaw_rate])

    def encode(self, action: Action) -> Joy:
        """How somebody who wants this action holds the joystick, with the dead-man button pressed."""
        axes, buttons = np.zeros(NUM_AXES), [0] * NUM_BUTTONS
        motion = np.append(action.displacement, action.yaw_step)
        axes[self._axes] = np.clip(motion / self._full, -1.0, 1.0)
        buttons[self.button_dead_man] = 1
        buttons[self.button_close if action.close_gripper else self.button_open] = 1
        return Joy(axes=axes.tolist(), buttons=buttons)

    def engaged(self, joy: Joy) -> bool:
        """Whether the dead-man button is held."""
        return len(joy.buttons) > self.button_dead_man and bool(joy.buttons[self.button_dead_man])

    def decode(self, joy: Joy, was_closed: bool) -> Action:
        """The action that the joystick asks for in one control period.

        Args:
            joy: sticks and buttons.
            was_closed: the gripper command so far, which stays if neither gripper button is pressed.

        Raises:
            ObservationError: an axis or button is missing or not finite.
        """
        needed = max(self.button_close, self.button_open)
        if len(joy.axes) <= max(self._axes) or len(joy.buttons) <= needed:
            raise ObservationError(
                f"joystick with {len(joy.axes)} axes and {len(joy.buttons)} buttons: expected at least "
                f"{max(self._axes) + 1} and {needed + 1}; set the axis and button parameters to fit it"
            )
        motion = np.array(joy.axes, dtype=float)[self._axes] * self._full
        close = bool(joy.buttons[self.button_close]) or (was_closed and not joy.buttons[self.button_open])
        return Action(motion[:3], np.bool_(close), motion[3])
