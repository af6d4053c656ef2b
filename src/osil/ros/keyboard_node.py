"""The keyboard as a joystick: run it in a terminal of its own, beside the teleoperation node.

Keys: w s forward and back, a d left and right, r f up and down, q e turn, c close, o open the gripper, x leave.
A terminal tells of keys pressed, not of keys released: a key counts as held, dead-man button included, until its
repetitions have stopped for a moment. The fingers are left as they are until c or o is pressed.

Publishes: ``joy`` (sensor_msgs/Joy).
Parameters: see ``Joystick``, ``KeyboardParameters`` and ``config/teleop.yaml``.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import Joy

from osil.core import CONTROL_PERIOD, Action
from osil.ros import topics
from osil.ros.joystick import Joystick, unheard
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node

DIRECTIONS = {
    "w": (1, 0, 0, 0),
    "s": (-1, 0, 0, 0),
    "a": (0, 1, 0, 0),
    "d": (0, -1, 0, 0),
    "r": (0, 0, 1, 0),
    "f": (0, 0, -1, 0),
    "q": (0, 0, 0, 1),
    "e": (0, 0, 0, -1),
    "c": (0, 0, 0, 0),
    "o": (0, 0, 0, 0),
}
"""Of x, y, z and yaw, by the key that is held."""

CLOSE, OPEN = "c", "o"


@dataclass(frozen=True)
class KeyboardParameters:
    """What a key does, and how long it counts as held."""

    key_timeout: float = parameter(
        "seconds for which a key counts as held: longer than keyboards wait to repeat it", 0.05, 5.0, live=True
    )
    key_speed: float = parameter("speed of the gripper while a key is held [m/s]", 0.01, 1.0, live=True)
    key_yaw_rate: float = parameter("turning speed of the gripper while a key is held [rad/s]", 0.01, 5.0, live=True)

    @property
    def step(self) -> np.ndarray:
        """Motion in one control period along x, y and z (metres) and about z (radians)."""
        return CONTROL_PERIOD * np.array([self.key_speed] * 3 + [self.key_yaw_rate])


class KeyboardNode(Node):
    """Keys in, joystick out."""

    def __init__(self) -> None:
        super().__init__("keyboard")
        self._joystick, self._settings = declare(self, Joystick), declare(self, KeyboardParameters, self._adopt)
        self._key, self._pressed = "", 0.0
        self._joy = self.create_publisher(Joy, topics.JOY, 1)
        # Fingers keep the machine's time, and x leaves even where simulated time stands still.
        self.create_timer(CONTROL_PERIOD, self._step, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _adopt(self, settings: KeyboardParameters) -> None:
        self._settings = settings

    def _step(self) -> None:
        if select.select([sys.stdin], [], [], 0.0)[0]:
            typed = os.read(sys.stdin.fileno(), 1024).decode(errors="ignore")
            self._key, self._pressed = typed[-1:], time.monotonic()
        if self._key == "x":
            raise KeyboardInterrupt
        if self._key not in DIRECTIONS or time.monotonic() - self._pressed > self._settings.key_timeout:
            return  # silence: the teleoperation node takes the joystick as let go
        if problem := unheard(self._joy):
            self.get_logger().warning(problem, throttle_duration_sec=2.0)
        motion = self._settings.step * DIRECTIONS[self._key]
        action = Action(motion[:3], np.array(self._key == CLOSE), motion[3])
        self._joy.publish(self._joystick.encode(action, gripper=self._key in (CLOSE, OPEN)))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until x is pressed."""
    if not sys.stdin.isatty():
        print("error: the keyboard node needs a terminal; run it in one of its own", file=sys.stderr)
        return 1
    print(__doc__.split("\n\n")[1])
    settings = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        return run_node(KeyboardNode, "teleop.yaml", args)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)


if __name__ == "__main__":
    raise SystemExit(main())
