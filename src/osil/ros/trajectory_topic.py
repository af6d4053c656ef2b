"""A robot that is commanded by joint trajectories on topics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from osil.robots.robot import Robot
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics


class TrajectoryTopic:
    """As ros2_control's joint_trajectory_controller takes them, the simulation, and the bridge to a Fetch.

    That controller needs ``interpolate_from_desired_state: true``, else each trajectory begins at the measured position
    and the arm shakes.
    """

    def __init__(self, node: Node, robot: Robot) -> None:
        self._node, self._robot = node, robot
        self._arm = node.create_publisher(JointTrajectory, topics.ARM_TRAJECTORY, 1)
        self._gripper = node.create_publisher(JointTrajectory, topics.GRIPPER_TRAJECTORY, 1)

    def send(self, trajectory: Trajectory) -> None:
        """See ``BackEnd``."""
        self._arm.publish(convert.from_trajectory(self._robot.arm_joints, trajectory))

    def grip(self, opening: float) -> None:
        """See ``BackEnd``."""
        gripper = self._robot.gripper
        fingers = np.full(len(gripper.joints), 0.5 * opening)
        seconds = 0.5 * gripper.opening / gripper.speed
        self._gripper.publish(convert.from_joint_targets(gripper.joints, fingers, seconds))

    def problems(self) -> Mapping[StopReason, str]:
        """See ``BackEnd``. Topics tell of none, but whoever listens to them may (``RobotStatusWatch``)."""
        if self._node.count_publishers(self._arm.topic_name) > 1:
            self._node.get_logger().warning(
                f"another node publishes on {self._arm.topic_name}: two that command one arm disturb each other; end "
                "all but one",
                throttle_duration_sec=5.0,
            )
        return {}
