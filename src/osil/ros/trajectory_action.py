"""A robot that is commanded by goals of actions."""

from __future__ import annotations

from collections.abc import Mapping

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from control_msgs.action import FollowJointTrajectory, GripperCommand
from control_msgs.msg import GripperCommand as GripperCommandMessage
from osil.robots.recency import recent
from osil.robots.robot import Robot
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics

TOLD = 1.0
"""Seconds for which a goal that failed counts as a fault."""


class TrajectoryAction:
    """FollowJointTrajectory for the arm, GripperCommand for the fingers, as ros2_control's controllers offer them.

    What that controller needs on topics (``TrajectoryTopic``), it needs here. A server that has been met and is gone is
    a lost connection; a goal that is rejected or given up is a fault. One whose place a new goal takes is neither.
    """

    def __init__(self, node: Node, robot: Robot) -> None:
        self._node, self._robot = node, robot
        self._arm = ActionClient(node, FollowJointTrajectory, topics.ARM_ACTION)
        self._gripper = ActionClient(node, GripperCommand, topics.GRIPPER_ACTION)
        self._met = False
        self._failure, self._failed = "", 0

    def send(self, trajectory: Trajectory) -> None:
        """See ``BackEnd``."""
        if self._arm.server_is_ready():  # a goal would wait in the middleware for one that comes later
            goal = FollowJointTrajectory.Goal(trajectory=convert.from_trajectory(self._robot.arm_joints, trajectory))
            self._arm.send_goal_async(goal).add_done_callback(self._heed_answer)

    def grip(self, opening: float) -> None:
        """See ``BackEnd``."""
        if self._gripper.server_is_ready():
            command = GripperCommandMessage(position=opening, max_effort=self._robot.gripper.force)
            self._gripper.send_goal_async(GripperCommand.Goal(command=command))

    def problems(self) -> Mapping[StopReason, str]:
        """See ``BackEnd``. One that is not there yet is no problem: an arm that does not move is noticed."""
        ready = self._arm.server_is_ready()
        self._met |= ready
        lost = f"{topics.ARM_ACTION} is offered no longer; is the robot's controller running?"
        failed = recent(self._failed, self._node.get_clock().now().nanoseconds, TOLD)
        return {
            StopReason.LOST_CONNECTION: lost if self._met and not ready else "",
            StopReason.FAULT: self._failure if failed else "",
        }

    def _heed_answer(self, answer: Future) -> None:
        goal: ClientGoalHandle = answer.result()
        if goal.accepted:
            goal.get_result_async().add_done_callback(self._heed_result)
        else:
            self._fail("it rejects the trajectory")

    def _heed_result(self, answer: Future) -> None:
        if answer.result().status == GoalStatus.STATUS_ABORTED:
            result = answer.result().result
            self._fail(f"it has given up the trajectory: {result.error_string or f'error {result.error_code}'}")

    def _fail(self, what: str) -> None:
        self._failure = f"{topics.ARM_ACTION}: {what}"
        self._failed = self._node.get_clock().now().nanoseconds
