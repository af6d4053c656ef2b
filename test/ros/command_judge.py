"""Says of every command to the arm whether a robot may follow it blindly."""

from __future__ import annotations

from collections import deque

import numpy as np
from trajectory_msgs.msg import JointTrajectory

from osil.core import NANOSECONDS
from osil.robots.planned_motion import PART
from osil.robots.robot import Robot
from osil.ros import convert

SLACK = 0.1
"""Radians by which a target may lie beside the arm when the controller takes it up anew: readings are noisy."""


class CommandJudge:
    """Follows an arm and what it is told.

    Attributes:
        truth: ``[J]`` where the joints lately were, the newest last, radians.
        commands: judged so far.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.truth: deque[np.ndarray] = deque(maxlen=60)
        self.commands = 0
        self._target: np.ndarray | None = None

    def faults(self, message: JointTrajectory) -> list[str]:
        """What is wrong with the next command; nothing, if all is well."""
        robot = self._robot
        self.commands += 1
        first, last = message.points[0], message.points[-1]
        seconds = convert.to_nanoseconds(first.time_from_start) / NANOSECONDS
        targets, end = np.array(first.positions), np.array(last.positions)
        faults = []
        if (
            tuple(message.joint_names) != robot.arm_joints
            or not np.isfinite(targets).all()
            or targets.shape != robot.lower.shape
        ):
            faults.append("is not one finite target for each joint of the arm")
        else:
            reach = 1.01 * robot.speed * seconds
            follows = self._target is None or (np.abs(targets - self._target) <= reach).all()
            if not (follows or any((self._distance(targets, joints) <= reach + SLACK).all() for joints in self.truth)):
                faults.append("is faster than the joints may move, from the last one and from where the arm is")
            if not ((end >= robot.lower) & (end <= robot.upper) & (np.array(last.velocities) == 0.0)).all():
                faults.append("does not come to rest within the joints' limits")
            if not ((targets >= robot.lower) & (targets <= robot.upper)).all():
                faults.append("is beyond the joints' limits")
            self._target = targets
        if not 0.0 < seconds <= PART:
            faults.append(f"is to be reached in {seconds} s")
        if convert.to_nanoseconds(message.header.stamp):
            faults.append("does not begin at once: its stamp is not 0")
        return [f"a command to the arm {fault}: {targets.tolist()} in {seconds} s" for fault in faults]

    def _distance(self, targets: np.ndarray, joints: np.ndarray) -> np.ndarray:
        offset = np.abs(targets - joints)
        return np.where(self._robot.continuous, np.abs((offset + np.pi) % (2 * np.pi) - np.pi), offset)
