"""The joint states of a robot, as every node hears them."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState

from osil.errors import ObservationError
from osil.ros import convert, topics


def hear_joints(
    node: Node, take: Callable[[int, int, dict[str, float]], object], quality: QoSProfile = topics.EVERY
) -> None:
    """Subscribe a node to ``joint_states``. What cannot be believed is told in its log, and left out.

    Args:
        node: see above.
        take: is given the node's time and the stamp (nanoseconds), and positions by name (radians or metres); it may
            raise ObservationError.
        quality: of the subscription; ``topics.NEWEST`` for a reader that is often too busy to hear every message.
    """

    def store(message: JointState) -> None:
        stamp = convert.to_nanoseconds(message.header.stamp)
        try:
            take(node.get_clock().now().nanoseconds, stamp, convert.to_joint_positions(message))
        except ObservationError as error:
            node.get_logger().warning(str(error), throttle_duration_sec=1.0)

    node.create_subscription(JointState, topics.JOINT_STATES, store, quality)
