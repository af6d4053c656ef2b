"""What a node knows of the robot and the blocks: the newest messages, made into an observation when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rclpy.node import Node

from osil.core import Observation, Scene
from osil.errors import ObservationError
from osil.robots.joint_states import JointStates
from osil.robots.recency import Received, check_recent, seconds_since
from osil.robots.robot import Robot
from osil.robots.sensing import observe_late
from osil.ros import convert
from osil.ros.joint_topic import hear_joints
from osil.ros.timing import ClockWatch
from osil.ros.topics import BLOCK_POSES, NEWEST
from osil.tasks.blocks import NOMINAL, Blocks
from osil_interfaces.msg import BlockPoseArray


@dataclass(frozen=True, eq=False)
class Seen:
    """One observation of the live scene.

    Attributes:
        observation: of now, no leading dimensions.
        scene: the blocks as they were seen, base frame, in the same order.
        joints: positions then, radians or metres by name, of all joints that are reported.
        block_names: one a block, in the order of the observation.
        nanoseconds: stamp of the block poses.
        age: of the block poses when they were looked at, seconds.
    """

    observation: Observation
    scene: Scene
    joints: Mapping[str, float]
    block_names: tuple[str, ...]
    nanoseconds: int
    age: float


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
        self._joints = JointStates(robot, max_age)
        self._reported: dict[str, float] = {}
        self.clock_watch = ClockWatch(node)
        self._blocks: BlockPoseArray | None = None
        self._received = Received(0, 0)
        hear_joints(node, self._store_joints)
        node.create_subscription(BlockPoseArray, BLOCK_POSES, self._store, NEWEST)

    def _now(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _store_joints(self, now: int, stamp: int, positions: dict[str, float]) -> None:
        self._reported |= positions
        self._joints.add(now, stamp, positions)

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
        convert.check_base_frame(message)
        scene = convert.to_scene(message.blocks, block_names)
        if problem := self.clock_watch.problem:
            raise ObservationError(problem)
        robot = self._robot
        self._joints.check(now, list(robot.joints))
        times = self._joints.times_since(stamp)
        lift = self._joints.at(times, [robot.lift_joint])[:, 0] if robot.lift_joint else robot.lift
        grippers = robot.kinematics.forward(self._joints.at(times, robot.arm_joints), lift)
        observation = observe_late(scene, grippers, self._joints.at(times, robot.gripper.joints).sum(-1), blocks)
        names = tuple(block_names or (block.name for block in message.blocks))
        then = dict(zip(robot.joints, self._joints.at([stamp], list(robot.joints))[0].tolist(), strict=True))
        joints = {**self._reported, **then}  # those that nobody watches, such as of a head, are taken to stand still
        return Seen(observation, scene, joints, names, stamp, seconds_since(stamp, now))
