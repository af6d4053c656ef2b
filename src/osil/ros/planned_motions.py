"""The action by which the controller takes motions that were planned as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from control_msgs.action import FollowJointTrajectory
from osil.errors import ObservationError
from osil.robots.planned_motion import PlannedMotion
from osil.robots.robot import Robot
from osil.robots.safety_gate import SafetyGate
from osil.robots.stop_reasons import Refusal
from osil.ros import convert, topics


@dataclass(eq=False)
class _Goal:
    handle: ServerGoalHandle
    motion: PlannedMotion
    over: Future


class PlannedMotions:
    """Offers ``topics.PLANNED_MOTION`` and lets the safety gate make what is asked for, one motion at a time.

    A motion is given by positions and velocities of all joints of the arm, the first point at 0 s where the arm is, the
    last at rest. Tolerances and stamps of a goal are not looked at. The result says in words why it ended.
    """

    def __init__(self, node: Node, robot: Robot, gate: SafetyGate) -> None:
        self._node, self._robot, self._gate = node, robot, gate
        self._goal: _Goal | None = None
        self._server = ActionServer(
            node,
            FollowJointTrajectory,
            topics.PLANNED_MOTION,
            self._execute,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )

    def update(self) -> None:
        """Heed a cancellation, and tell whoever asked for the motion when it is over. Call it often."""
        goal = self._goal
        if goal is None:
            return
        if goal.handle.is_cancel_requested:
            self._gate.leave("cancelled by the client")
        if goal.motion.ended:
            self._goal = None
            goal.over.set_result(None)

    async def _execute(self, handle: ServerGoalHandle) -> FollowJointTrajectory.Result:
        result = FollowJointTrajectory.Result()
        try:
            trajectory = convert.to_planned_trajectory(handle.request.trajectory, self._robot.arm_joints)
            motion = self._gate.move(self._node.get_clock().now().nanoseconds, trajectory)
        except (ObservationError, Refusal) as error:
            self._node.get_logger().warning(f"planned motion refused: {error}")
            handle.abort()
            foreign = isinstance(error, convert.JointsError)
            result.error_code = result.INVALID_JOINTS if foreign else result.INVALID_GOAL
            result.error_string = str(error)
            return result
        self._goal = _Goal(handle, motion, Future(executor=self._node.executor))
        await self._goal.over
        self._node.get_logger().info(motion.ended)
        result.error_string = motion.ended
        if motion.arrived:
            handle.succeed()
        else:
            (handle.canceled if handle.is_cancel_requested else handle.abort)()
            result.error_code = result.PATH_TOLERANCE_VIOLATED
        return result
