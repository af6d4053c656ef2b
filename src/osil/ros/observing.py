"""What a node knows of the robot and the blocks: the newest messages, made into an observation when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import JointState

from osil.core import FloatArray, Observation
from osil.errors import ObservationError
from osil.ros import convert
from osil.ros.topics import BASE_FRAME, BLOCK_POSES, JOINT_STATES, NEWEST
from osil_interfaces.msg import BlockPoseArray


@dataclass(frozen=True, eq=False)
class Seen:
    """One observation of the live scene.

    Attributes:
        observation: no leading dimensions.
        block_names: one a block, in the order of the observation.
        nanoseconds: stamp of the block poses.
    """

    observation: Observation
    block_names: tuple[str, ...]
    nanoseconds: int


class Joints:
    """Subscribes to the joint states and keeps the newest position of every joint.

    Joints may be reported in several messages, as a robot does whose gripper has a driver of its own.
    """

    def __init__(self, node: Node, max_age: float) -> None:
        """``max_age``: seconds of the node's clock after which a position counts as lost."""
        self._node, self._max_age = node, max_age
        self._positions: dict[str, float] = {}
        self._stamps: dict[str, int] = {}
        node.create_subscription(JointState, JOINT_STATES, self._store, NEWEST)

    def _store(self, message: JointState) -> None:
        try:
            positions = convert.to_joint_positions(message)
        except ObservationError as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        self._positions |= positions
        self._stamps |= dict.fromkeys(positions, convert.to_nanoseconds(message.header.stamp))

    def fresh(self) -> dict[str, float]:
        """Positions by joint name, of those reported lately; radians or metres."""
        oldest = self._node.get_clock().now().nanoseconds - self._max_age * convert.NANOSECONDS
        return {name: position for name, position in self._positions.items() if self._stamps[name] >= oldest}

    def arm(self) -> FloatArray:
        """Positions ``[7]`` of the arm's joints, radians.

        Raises:
            ObservationError: one of them has not been reported lately.
        """
        return convert.to_arm(self.fresh())


class SceneView:
    """Subscribes to joint states and block poses and tells what the policy sees of them."""

    def __init__(self, node: Node, max_age: float) -> None:
        """``max_age``: seconds of the node's clock after which a message counts as lost."""
        self._node, self._max_age = node, max_age
        self._joints = Joints(node, max_age)
        self._blocks: BlockPoseArray | None = None
        node.create_subscription(BlockPoseArray, BLOCK_POSES, self._store, NEWEST)

    def _store(self, message: BlockPoseArray) -> None:
        self._blocks = message

    def look(self, block_names: Sequence[str] | None = None) -> Seen:
        """What is seen now, blocks in the order of ``block_names`` (left out: as they come).

        Raises:
            ObservationError: something has not been seen lately, is not finite, or the blocks are not those named.
        """
        message = self._blocks
        if message is None:
            raise ObservationError(f"no block poses have arrived on {BLOCK_POSES}; is the tracker running?")
        stamp = convert.to_nanoseconds(message.header.stamp)
        age = (self._node.get_clock().now().nanoseconds - stamp) / convert.NANOSECONDS
        if age > self._max_age:
            raise ObservationError(f"the newest block poses are {age:.2f} s old; is the tracker running?")
        if message.header.frame_id != BASE_FRAME:
            raise ObservationError(f"block poses: expected frame {BASE_FRAME!r}, got {message.header.frame_id!r}")
        scene = convert.to_scene(message.blocks, block_names)
        observation = convert.to_observation(self._joints.fresh(), scene)
        return Seen(observation, tuple(block_names or (block.name for block in message.blocks)), stamp)
