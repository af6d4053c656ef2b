"""What a node knows of the robot and the blocks: the newest messages, made into an observation when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import JointState

from osil.core import FloatArray, Observation, Scene
from osil.errors import ImplausibleReadingError, ObservationError
from osil.robots.joint_history import JointHistory
from osil.robots.robot import Robot
from osil.robots.sensing import observe_late
from osil.ros import convert
from osil.ros.timing import ClockWatch, Received, check_recent, recent, seconds_since
from osil.ros.topics import BASE_FRAME, BLOCK_POSES, EVERY, JOINT_STATES, NEWEST
from osil.tasks.blocks import NOMINAL, Blocks
from osil_interfaces.msg import BlockPoseArray

SETTLING = 1.0
"""Seconds for which joint readings must be plausible again before they are believed."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One observation of the live scene.

    Attributes:
        observation: of now, no leading dimensions.
        scene: the blocks as they were seen, base frame, in the same order.
        block_names: one a block, in the order of the observation.
        nanoseconds: stamp of the block poses.
        age: of the block poses when they were looked at, seconds.
    """

    observation: Observation
    scene: Scene
    block_names: tuple[str, ...]
    nanoseconds: int
    age: float


class Joints:
    """Subscribes to the joint states and tells where the joints are and have been, as long as that can be believed.

    Attributes:
        clock_watch: tells whether the node's clock goes on.
    """

    def __init__(self, node: Node, robot: Robot, max_age: float) -> None:
        """``max_age``: seconds of the node's clock after which a position counts as lost."""
        self._node, self._robot, self._max_age = node, robot, max_age
        self._history = JointHistory(robot)
        self._received: dict[str, Received] = {}
        self._fault, self._fault_time = "", 0
        self.clock_watch = ClockWatch(node)
        node.create_subscription(JointState, JOINT_STATES, self._store, EVERY)

    def _now(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _store(self, message: JointState) -> None:
        now, stamp = self._now(), convert.to_nanoseconds(message.header.stamp)
        try:
            positions = convert.to_joint_positions(message)
            self._history.add(stamp, positions)
            self._received |= dict.fromkeys(positions, Received(stamp, now))
        except ImplausibleReadingError as error:
            self._fault, self._fault_time = f"joint states cannot be true: {error}", now
            self._node.get_logger().warning(self._fault, throttle_duration_sec=1.0)
        except ObservationError as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=1.0)

    @property
    def fault(self) -> str:
        """Why the readings of the last moments cannot be true; empty if they can."""
        return self._fault if recent(self._fault_time, self._now(), SETTLING) else ""

    def check(self, names: Sequence[str]) -> None:
        """Make sure that these joints are known.

        Raises:
            ObservationError: one of them has not been reported lately, or the clock has stopped.
            ImplausibleReadingError: what was reported lately cannot be true.
        """
        if problem := self.clock_watch.problem:
            raise ObservationError(problem)
        if fault := self.fault:
            raise ImplausibleReadingError(fault)
        convert.check_reported(self._received, names)
        now = self._now()
        for name in names:
            check_recent(f"joint states of {name}", self._received[name], now, self._max_age)

    def times_since(self, stamp: int) -> list[int]:
        """``stamp`` and the times (nanoseconds) at which the arm was reported after it, ascending."""
        return [stamp, *self._history.times(self._robot.arm_joints[0], after=stamp)]

    def at(self, stamps: Sequence[int], names: Sequence[str]) -> FloatArray:
        """Positions ``[K, len(names)]`` of checked joints at K times (nanoseconds), radians or metres."""
        return self._history.at(stamps, names)

    def newest(self, *names: str) -> FloatArray:
        """The newest positions ``[len(names)]``, radians or metres.

        Raises:
            ObservationError: one of them has not been reported lately, or cannot be true.
        """
        self.check(names)
        return self._history.at([self._now()], names)[0]


class SceneView:
    """Subscribes to joint states and block poses and tells what the policy sees of them.

    Blocks are put in place by the joints of the time at which they were seen, and carried forward to now, so that a
    tracker may be late. The recorder and the policy node both see through this class: what was recorded is what is
    seen live.

    Attributes:
        clock_watch: tells whether the node's clock goes on.
    """

    def __init__(self, node: Node, robot: Robot, max_age: float) -> None:
        """``max_age``: seconds of the node's clock after which a message counts as lost."""
        self._node, self._robot, self._max_age = node, robot, max_age
        self._joints = Joints(node, robot, max_age)
        self.clock_watch = self._joints.clock_watch
        self._blocks: BlockPoseArray | None = None
        self._received = Received(0, 0)
        node.create_subscription(BlockPoseArray, BLOCK_POSES, self._store, NEWEST)

    def _now(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _store(self, message: BlockPoseArray) -> None:
        self._blocks = message
        self._received = Received(convert.to_nanoseconds(message.header.stamp), self._now())

    @property
    def stamp(self) -> int:
        """Nanoseconds of the newest block poses; 0: none have come."""
        return self._received.stamp

    def look(self, block_names: Sequence[str] | None = None, blocks: Blocks = NOMINAL) -> Seen:
        """What is seen now of blocks as large as ``blocks``, in the order of ``block_names`` (left out: as they come).

        Raises:
            ObservationError: something has not been seen lately, cannot be true, or the blocks are not those named.
        """
        message, stamp, now = self._blocks, self._received.stamp, self._now()
        if message is None:
            raise ObservationError(f"no block poses have arrived on {BLOCK_POSES}; is the tracker running?")
        check_recent("block poses", self._received, now, self._max_age)
        if message.header.frame_id != BASE_FRAME:
            raise ObservationError(f"block poses: expected frame {BASE_FRAME!r}, got {message.header.frame_id!r}")
        scene = convert.to_scene(message.blocks, block_names)
        robot = self._robot
        self._joints.check(list(robot.joints))
        times = self._joints.times_since(stamp)
        lift = self._joints.at(times, [robot.lift_joint])[:, 0] if robot.lift_joint else robot.lift
        grippers = robot.kinematics.forward(self._joints.at(times, robot.arm_joints), lift)
        observation = observe_late(scene, grippers, self._joints.at(times, robot.gripper.joints).sum(-1), blocks)
        names = tuple(block_names or (block.name for block in message.blocks))
        return Seen(observation, scene, names, stamp, seconds_since(stamp, now))
