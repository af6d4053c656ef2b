"""Tells ROS tools of the robot: its description, and where its links are. Stands in for robot_state_publisher.

The launch files run ROS's own robot_state_publisher, with the same description, where that is installed. There is no
wheel of it, so ``make setup`` does not bring it.

Subscribes: ``joint_states``.
Publishes: ``robot_description`` (std_msgs/String) and ``tf_static`` (tf2_msgs/TFMessage), latched; ``tf``
(tf2_msgs/TFMessage), of the time of the joint states.
Parameters: see ``RobotStatePublisherParameters`` and ``config/robot_state_publisher.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from osil.choices import ROBOT
from osil.errors import ObservationError
from osil.robots.description import robot_description
from osil.robots.frames import LinkFrames
from osil.robots.recency import seconds_since
from osil.robots.robot import load_robot
from osil.robots.urdf import parse_joints
from osil.ros import convert, topics
from osil.ros.frame_messages import from_frames
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from tf2_msgs.msg import TFMessage


@dataclass(frozen=True)
class RobotStatePublisherParameters:
    """Which robot, and how often."""

    robot: str = parameter(ROBOT)
    publish_frequency: float = parameter("most transforms of a link that are published a second", 0.1, 200.0, live=True)


class RobotStatePublisherNode(Node):
    """Joint states in, transforms out."""

    def __init__(self) -> None:
        super().__init__("robot_state_publisher")
        settings = declare(self, RobotStatePublisherParameters, self._change_pace)
        description = robot_description(load_robot(settings.robot))
        self._links = LinkFrames(parse_joints(description, topics.ROBOT_DESCRIPTION))
        self._told: dict[str, int] = {}  # newest stamp of each joint
        self._change_pace(settings)
        self._tf = self.create_publisher(TFMessage, topics.TF, 10)
        fixed = self.create_publisher(TFMessage, topics.TF_STATIC, topics.LATCHED)
        fixed.publish(from_frames(self._links.fixed, self.get_clock().now().nanoseconds))
        self.create_publisher(String, topics.ROBOT_DESCRIPTION, topics.LATCHED).publish(String(data=description))
        self.create_subscription(JointState, topics.JOINT_STATES, self._move, topics.EVERY)

    def _change_pace(self, settings: RobotStatePublisherParameters) -> None:
        self._period = 1.0 / settings.publish_frequency

    def _move(self, message: JointState) -> None:
        stamp = convert.to_nanoseconds(message.header.stamp)
        try:
            positions = convert.to_joint_positions(message)
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        # Arm and gripper may report in messages of their own, of which each is due in its own time.
        oldest = min((self._told.get(name, 0) for name in positions), default=stamp)
        if 0.0 <= seconds_since(oldest, stamp) < self._period:
            return
        self._told |= dict.fromkeys(positions, stamp)
        self._tf.publish(from_frames(self._links.moving(positions), stamp))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(RobotStatePublisherNode, "robot_state_publisher.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
