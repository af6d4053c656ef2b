"""Stands between the simulated robot and the nodes, one of them in a namespace, and falsifies what it passes on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import numpy as np
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil_interfaces.msg import BlockPoseArray

from .spinning import SpinningNode

FETCH = load_robot("fetch")


class Relay(SpinningNode):
    """Passes on joint states, block poses and the clock to the nodes, and joint commands back to the robot.

    Args:
        robot: prefix of the simulation's topics: "" or "namespace/".
        nodes: prefix of the topics of the nodes.

    Attributes:
        joints: changes joint states on the way, in place; None in place of a function passes them on.
        blocks: the same for block poses; one that returns False drops the message.
        delay: seconds by which block poses come late.
        clock_offset: seconds that the time of the nodes is ahead of the robot's.
        cut: commands do not reach the robot.
        sent: first points ``(targets [7], seconds)`` of the arm commands that came from the nodes.
    """

    def __init__(self, robot: str = "", nodes: str = "") -> None:
        super().__init__("relay")
        self.joints: Callable[[JointState], None] | None = None
        self.blocks: Callable[[BlockPoseArray], bool] | None = None
        self.delay, self.clock_offset, self.cut = 0.0, 0.0, False
        self.sent: list[tuple[np.ndarray, float]] = []
        self._waiting: list[BlockPoseArray] = []
        out = {
            name: self.create_publisher(kind, f"{nodes}{name}", 1)
            for kind, name in (
                (JointState, topics.JOINT_STATES),
                (BlockPoseArray, topics.BLOCK_POSES),
                (Clock, "clock"),
            )
        }
        back = {
            name: self.create_publisher(JointTrajectory, f"{robot}{name}", 1)
            for name in (topics.ARM_TRAJECTORY, topics.GRIPPER_TRAJECTORY)
        }
        self._out, self._back = out, back
        self.create_subscription(JointState, f"{robot}{topics.JOINT_STATES}", self._joint_states, 10)
        self.create_subscription(BlockPoseArray, f"{robot}{topics.BLOCK_POSES}", self._block_poses, 10)
        self.create_subscription(Clock, f"/{robot}clock", self._pass_clock, 10)
        for name in back:
            self.create_subscription(JointTrajectory, f"{nodes}{name}", partial(self._command, name), 10)
        self.spin()

    def honest(self) -> None:
        """Pass on everything as it is from now on."""
        self.joints = self.blocks = None
        self.delay, self.clock_offset, self.cut = 0.0, 0.0, False

    def targets(self) -> np.ndarray:
        """Arm targets ``[K, 7]`` sent so far."""
        return np.array([targets for targets, _ in self.sent])

    def _shifted(self, stamp):
        return convert.to_stamp(convert.to_nanoseconds(stamp) + round(self.clock_offset * convert.NANOSECONDS))

    def _joint_states(self, message: JointState) -> None:
        message = copy.deepcopy(message)
        message.header.stamp = self._shifted(message.header.stamp)
        if self.joints is not None:
            self.joints(message)
        self._out[topics.JOINT_STATES].publish(message)

    def _block_poses(self, message: BlockPoseArray) -> None:
        message.header.stamp = self._shifted(message.header.stamp)
        now = convert.to_nanoseconds(message.header.stamp)
        self._waiting.append(message)
        late = round(self.delay * convert.NANOSECONDS)
        while self._waiting and convert.to_nanoseconds(self._waiting[0].header.stamp) <= now - late:
            waiting = self._waiting.pop(0)
            if self.blocks is None or self.blocks(waiting):
                self._out[topics.BLOCK_POSES].publish(waiting)

    def _pass_clock(self, message: Clock) -> None:
        self._out["clock"].publish(Clock(clock=self._shifted(message.clock)))

    def _command(self, name: str, message: JointTrajectory) -> None:
        if name == topics.ARM_TRAJECTORY:
            first = message.points[0]
            targets = convert.pick(dict(zip(message.joint_names, first.positions, strict=True)), FETCH.arm_joints)
            self.sent.append((targets, convert.to_nanoseconds(first.time_from_start) / convert.NANOSECONDS))
        if not self.cut:
            self._back[name].publish(message)
