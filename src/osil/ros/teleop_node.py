"""Teleoperation: a joystick, or whatever acts like one, moves the gripper while its dead-man button is held.

Nothing is assumed of the fingers: they are left as they are until a gripper button is pressed while the dead-man button
is held. Of several joysticks the one whose dead-man button is held is followed, and none if two are held.

Subscribes: ``joy`` (sensor_msgs/Joy).
Publishes: ``teleop/gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper"), one a control period while
the dead-man button is held, and one of zero when it is let go; ``teleop/gripper_command`` (std_msgs/Bool, true: close),
one with each twist while a gripper button is pressed.
Parameters: see ``Joystick``, ``TeleopParameters`` and ``config/teleop.yaml``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.subscription import MessageInfo
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ObservationError
from osil.robots.recency import Received, check_recent, recent
from osil.ros import convert, topics
from osil.ros.joystick import Joystick
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.ros.sources import Sources
from osil.ros.timing import pacing

BACKLOG = 10
"""Messages that wait to be read: of each of a few joysticks the newest."""

STILL = Action(np.zeros(3), np.array(False))


@dataclass(frozen=True)
class TeleopParameters:
    """When a joystick is let go."""

    joystick_timeout: float = parameter("seconds after which a silent joystick counts as let go", 0.05, 5.0, live=True)


@dataclass(frozen=True)
class Steering:
    """What somebody who holds the dead-man button wants.

    Attributes:
        action: for one control period.
        gripper: whether the action says anything about the fingers.
        arrival: nanoseconds of the node's clock when the joystick said so.
    """

    action: Action
    gripper: bool
    arrival: int


class TeleopNode(Node):
    """Joystick in, gripper commands out."""

    def __init__(self) -> None:
        super().__init__("teleop")
        self._joystick = declare(self, Joystick, self._take)
        self._timeout = declare(self, TeleopParameters, self._wait).joystick_timeout
        self._sources = Sources(self, topics.JOY)
        self._steering: dict[bytes, Steering] = {}  # by source, of those with the dead-man button held
        self._pressed_before: set[bytes] = set()  # sources with a gripper button down since before the dead-man button
        self._sent, self._engaged = 0, False
        self._twist = self.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 1)
        self._gripper = self.create_publisher(Bool, topics.TELEOP_GRIPPER, 1)
        self.create_subscription(Joy, topics.JOY, self._store, BACKLOG)
        # Ticks faster than it sends, so that a stick that moves after a pause is followed at once.
        self.create_timer(CONTROL_PERIOD / 4, self._step, clock=pacing(self))

    def _take(self, joystick: Joystick) -> None:
        self._joystick = joystick

    def _wait(self, parameters: TeleopParameters) -> None:
        self._timeout = parameters.joystick_timeout

    def _store(self, joy: Joy, info: MessageInfo) -> None:
        source, now = self._sources.hear(info), self.get_clock().now().nanoseconds
        self._steering.pop(source, None)
        try:
            self._check_stamp(joy, now)
            action, gripper = self._joystick.decode(joy)
        except ObservationError as error:
            self.get_logger().warning(f"holding: {error}", throttle_duration_sec=1.0)
            return
        engaged = self._joystick.engaged(joy)
        if gripper and (not engaged or source in self._pressed_before):
            self._pressed_before.add(source)
            gripper = False
        else:
            self._pressed_before.discard(source)
        if engaged:
            self._steering[source] = Steering(action, gripper, now)

    def _step(self) -> None:
        now = self.get_clock().now().nanoseconds
        if recent(self._sent, now, 0.8 * CONTROL_PERIOD):
            return
        self._steering = {
            source: steering
            for source, steering in self._steering.items()
            if recent(steering.arrival, now, self._timeout)
        }
        self._tell_of_several()
        engaged = len(self._steering) == 1
        if engaged:
            (steering,) = self._steering.values()
            if steering.gripper:
                self._gripper.publish(Bool(data=bool(steering.action.close_gripper)))
            self._twist.publish(convert.from_action(steering.action, now, CONTROL_PERIOD))
            self._sent = now
        elif self._engaged:
            self._twist.publish(convert.from_action(STILL, now, CONTROL_PERIOD))
        self._engaged = engaged

    def _tell_of_several(self) -> None:
        several = self._sources.several() if self._steering else ""
        if several:
            followed = "the one that is held" if len(self._steering) == 1 else "none, because two are held"
            self.get_logger().warning(
                f"several joysticks speak on {topics.JOY}: {several}; followed is {followed}; stop all but one",
                throttle_duration_sec=2.0,
            )

    def _check_stamp(self, joy: Joy, now: int) -> None:
        """Raise ObservationError if a joystick says that its message is not of the present.

        Drivers may leave the stamp out, or keep the time of the machine where this node keeps simulated time.
        """
        stamp = convert.to_nanoseconds(joy.header.stamp)
        if stamp and not recent(stamp, time.time_ns(), self._timeout):
            check_recent("joystick messages", Received(stamp, now), now, self._timeout)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(TeleopNode, "teleop.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
