"""Brings the arm to its ready pose by a way on which it touches neither table nor blocks nor itself.

The motion is planned while the arm rests, and made by the controller's action ``follow_joint_trajectory``: behind its
safety gate, while nobody else commands. ``controller/stop`` and the dead-man button of teleoperation end it.

Subscribes: ``joint_states``; ``block_poses`` (BlockPoseArray in base_link; no block at all is no hindrance);
``controller/status``.
Service (std_srvs/Trigger): ``~/go_to_ready``, answered when the arm has arrived, or when it is clear that it will not.
Parameters: see ``PlanningParameters`` and ``config/planning.yaml``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger
from unique_identifier_msgs.msg import UUID

from control_msgs.action import FollowJointTrajectory
from osil.choices import ROBOT
from osil.errors import ObservationError, OsilError, PlanningError
from osil.planning.joint_paths import JointPathPlanner
from osil.planning.planner import Planner, Situation
from osil.robots.clearance import clearances
from osil.robots.joint_states import JointStates
from osil.robots.recency import Received, check_recent
from osil.robots.robot import Robot, load_robot
from osil.ros import convert, topics
from osil.ros.farewell import linger
from osil.ros.goal_sender import ANSWER, GoalSender
from osil.ros.joint_topic import hear_joints
from osil.ros.moveit_planner import MoveItPlanner
from osil.ros.parameters import declare, parameter, require
from osil.ros.run_node import run_node
from osil.ros.status import StatusWatch
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil_interfaces.msg import BlockPoseArray, ControllerStatus

PLANNERS: Mapping[str, Callable[[Robot, Blocks], Planner]] = {"joint_path": JointPathPlanner, "moveit": MoveItPlanner}
"""By the name that the parameter takes."""

SILENT = 2.0
"""Seconds of the machine's clock after which a controller that tells nothing is gone: it does so twice a second."""

LOOK = 0.2
"""Seconds between two looks at whether it is."""


@dataclass(frozen=True)
class PlanningParameters:
    """Which arm, and what it must not touch."""

    robot: str = parameter(ROBOT)
    planner: str = parameter(f"who finds the way: {' or '.join(PLANNERS)}")
    max_age: float = parameter("seconds after which a joint state or block pose is too old to plan with", 0.01, 5.0)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)
    table_height: float = parameter("of the table top over the floor [m]; 0: the robot's", 0.0, 1.2)

    def __post_init__(self) -> None:
        require(self.planner in PLANNERS, f"planner {self.planner!r}: expected {' or '.join(PLANNERS)}")


class PlanningNode(Node):
    """Plans the way to the ready pose, and has the controller go it."""

    def __init__(self) -> None:
        self._motion: UUID | None = None  # first of all, as destroy_node also ends a node that is half made
        super().__init__("planning")
        self._settings = declare(self, PlanningParameters)
        blocks = Blocks(self._settings.block_size)
        robot = load_robot(self._settings.robot).opened_for(blocks)
        height = self._settings.table_height or robot.table.height
        self._robot = replace(robot, table=replace(robot.table, height=height))
        self._planner = PLANNERS[self._settings.planner](self._robot, blocks)
        self._joints = JointStates(self._robot, self._settings.max_age)
        self._blocks: BlockPoseArray | None = None
        self._received = Received(0, 0)
        hear_joints(self, self._joints.add)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._store_blocks, topics.NEWEST)
        self._controller = GoalSender(self, FollowJointTrajectory, topics.PLANNED_MOTION)
        self._watch = StatusWatch(self, ControllerStatus, topics.CONTROLLER_STATUS)
        self._awaited: Future | None = None
        self._deadline = math.inf
        self._asked = b""
        self.create_timer(LOOK, self._look_after_controller, clock=Clock(clock_type=ClockType.STEADY_TIME))
        # In a group of its own: while it waits for the arm, the other callbacks go on, and a second caller waits.
        group = MutuallyExclusiveCallbackGroup()
        self.create_service(Trigger, "~/go_to_ready", self._go_to_ready, callback_group=group)

    def destroy_node(self) -> None:
        """End the motion, if one is under way: nobody else would."""
        if self._motion is not None:
            self._controller.cancel(self._motion)
            linger(self, lambda: self._motion is None)
        super().destroy_node()

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _store_blocks(self, message: BlockPoseArray) -> None:
        self._blocks = message
        self._received = Received(convert.to_nanoseconds(message.header.stamp), self._now())

    def _look_after_controller(self) -> None:
        """Wait no longer for what a controller that is gone, or has lost the goal, would answer."""
        if self._awaited is None or self._awaited.done():
            return
        anew = "the controller was started anew; call again" if self._watch.speaker != self._asked else ""
        late = self._controller.unanswered if time.monotonic() > self._deadline else ""
        if problem := self._watch.problem(SILENT) or anew or late:
            self._awaited.set_exception(PlanningError(problem))

    async def _answer(self, future: Future, timeout: float = math.inf) -> Any:
        """What comes of ``future``. Raises PlanningError if the controller is gone before, or after ``timeout`` s."""
        self._awaited, self._deadline = future, time.monotonic() + timeout
        return await future

    async def _go_to_ready(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message = await self._go()
            response.success = True
        except OsilError as error:
            response.message = str(error)
            self.get_logger().warning(f"not gone to the ready pose: {error}")
        return response

    async def _go(self) -> str:
        """Go to the ready pose. Returns what to say when the arm is there."""
        if not self._controller.ready:
            raise PlanningError(f"nobody offers {topics.PLANNED_MOTION}; is the controller running?")
        if problem := self._watch.problem(SILENT):
            raise PlanningError(problem)
        told = self._watch.status
        if told and told.state == ControllerStatus.STOPPED:  # the cause of all else that is wrong, such as late joints
            raise PlanningError(told.reason)
        situation = self._situation()
        trajectory = self._planner.plan(situation, self._ready(situation.lift))
        if not trajectory.duration:
            return "in the ready pose already"
        self.get_logger().info(f"going to the ready pose, by {len(trajectory.times)} points")
        message = convert.from_planned_trajectory(self._robot.arm_joints, trajectory)
        self._asked = self._watch.speaker
        sent, self._motion = self._controller.send(FollowJointTrajectory.Goal(trajectory=message))
        try:
            goal = await self._answer(sent, ANSWER)
            result = (await self._answer(goal.get_result_async())).result
        except PlanningError:
            self._controller.cancel(self._motion)  # should it be there after all
            raise
        finally:
            self._motion = None
        if result.error_code != FollowJointTrajectory.Result.SUCCESSFUL:
            raise PlanningError(result.error_string)
        return "in the ready pose"

    def _situation(self) -> Situation:
        """Where everything is now.

        Raises:
            ObservationError: something has not been seen lately, or cannot be true.
        """
        robot, now = self._robot, self._now()
        if self._blocks is None:
            raise ObservationError(f"no block poses have arrived on {topics.BLOCK_POSES}; is the tracker running?")
        check_recent("block poses", self._received, now, self._settings.max_age)
        convert.check_base_frame(self._blocks)
        blocks = self._blocks.blocks
        if blocks:
            convert.to_scene(blocks)  # its checks
        positions, quaternions = convert.to_poses(blocks)
        lift = float(self._joints.newest(now, [robot.lift_joint])[0]) if robot.lift_joint else robot.lift
        return Situation(
            joints=self._joints.newest(now, robot.arm_joints),
            lift=lift,
            opening=float(self._joints.newest(now, robot.gripper.joints).sum()),
            block_names=tuple(block.name for block in blocks),
            block_positions=positions.reshape(-1, 3),
            block_quaternions=quaternions.reshape(-1, 4),
        )

    def _ready(self, lift: float) -> np.ndarray:
        """``[J]`` the ready pose over the table as high as it is, and with the torso where it is.

        Raises:
            PlanningError: it is out of reach.
        """
        joints = self._robot.ready(lift)
        for reason, left in clearances(self._robot, joints[None], lift, self._robot.table.height).items():
            if left[0] < 0.0:
                raise PlanningError(f"the ready pose is out of reach with the torso at {lift:.3f} m: {reason.sentence}")
        return joints


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(PlanningNode, "planning.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
