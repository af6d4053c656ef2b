"""How a robot is commanded: one small interface, and what stands behind it, chosen by a parameter of the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from osil.errors import ConfigError
from osil.robots.robot import Robot
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics

TRAJECTORY_TOPIC = "trajectory_topic"
BACK_ENDS = (TRAJECTORY_TOPIC,)


class BackEnd(Protocol):
    """What moves the arm. Nothing here waits. Each trajectory takes the place of the last, and ends at rest."""

    def send(self, trajectory: Trajectory) -> None:
        """Let the arm follow a trajectory from now on. Its first point is where the arm is told to be already."""

    def grip(self, opening: float) -> None:
        """Move the finger pads to ``opening`` metres apart."""

    def problems(self) -> Mapping[StopReason, str]:
        """What stands in the way now, by reason; empty text: no longer."""


class TrajectoryTopic:
    """Joint trajectories on topics, as ros2_control's joint_trajectory_controller takes them.

    That controller needs ``interpolate_from_desired_state: true``, else each trajectory begins at the measured position
    and the arm shakes.
    """

    def __init__(self, node: Node, robot: Robot) -> None:
        self._robot = robot
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
        """None that a topic could tell of: an arm that does not listen is noticed by its not moving."""
        return {}


def make_back_end(name: str, node: Node, robot: Robot) -> BackEnd:
    """The back end of a name in ``BACK_ENDS``.

    Raises:
        ConfigError: there is none of that name.
    """
    if name == TRAJECTORY_TOPIC:
        return TrajectoryTopic(node, robot)
    raise ConfigError(f"back_end {name!r}: expected {' or '.join(BACK_ENDS)}")
