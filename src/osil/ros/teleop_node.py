"""Teleoperation: a joystick, or whatever acts like one, moves the gripper while its dead-man button is held.

Subscribes: ``joy`` (sensor_msgs/Joy).
Publishes: ``teleop/gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper"), ``teleop/gripper_command``
(std_msgs/Bool, true: close), one of each a control period while the dead-man button is held, and one twist of zero
when it is let go.
Parameters: see ``Joystick`` and ``config/teleop.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool

from osil.core import CONTROL_PERIOD
from osil.errors import ObservationError
from osil.ros import convert, topics
from osil.ros.joystick import Joystick
from osil.ros.parameters import declare
from osil.ros.spin import spin

TIMEOUT = 0.25
"""Seconds after which a silent joystick counts as let go."""


class TeleopNode(Node):
    """Joystick in, gripper commands out."""

    def __init__(self) -> None:
        super().__init__("teleop")
        self._joystick = declare(self, Joystick)
        self._joy, self._arrived, self._sent = Joy(), 0, 0
        self._engaged = self._closed = False
        self._twist = self.create_publisher(TwistStamped, topics.TELEOP_GRIPPER_TWIST, 1)
        self._gripper = self.create_publisher(Bool, topics.TELEOP_GRIPPER, 1)
        self.create_subscription(Joy, topics.JOY, self._store, 1)
        # Ticks faster than it sends, so that a stick that moves after a pause is followed at once.
        self.create_timer(CONTROL_PERIOD / 4, self._step)

    def _store(self, joy: Joy) -> None:
        self._joy, self._arrived = joy, self.get_clock().now().nanoseconds

    def _step(self) -> None:
        now = self.get_clock().now().nanoseconds
        if now - self._sent < 0.8 * CONTROL_PERIOD * convert.NANOSECONDS:
            return
        fresh = now - self._arrived < TIMEOUT * convert.NANOSECONDS
        engaged = fresh and self._joystick.engaged(self._joy)
        if engaged:
            try:
                action = self._joystick.decode(self._joy, self._closed)
            except ObservationError as error:
                self.get_logger().warning(str(error), throttle_duration_sec=1.0)
                engaged = False
            else:
                self._sent, self._closed = now, bool(action.close_gripper)
                self._gripper.publish(Bool(data=self._closed))
                self._twist.publish(convert.from_action(action, now, CONTROL_PERIOD))
        if self._engaged and not engaged:
            stop = TwistStamped()
            stop.header.stamp, stop.header.frame_id = convert.to_stamp(now), topics.GRIPPER_FRAME
            self._twist.publish(stop)
        self._engaged = engaged


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return spin(TeleopNode, "teleop.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
