"""Where the blocks are in Gazebo, told as a tracker tells it.

Gazebo tells of each block by itself; ros_gz_bridge brings that to one topic.

Subscribes: ``gazebo/block_transforms`` (geometry_msgs/TransformStamped; the child frame is the block's name).
Publishes: ``block_poses`` (BlockPoseArray in base_link), once all blocks are known of one instant.
Parameters: see ``GazeboBlocksParameters`` and ``config/gazebo_blocks.yaml``.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from geometry_msgs.msg import Point, Pose, TransformStamped
from rclpy.node import Node

from osil.gazebo.parameters import BLOCK_TRANSFORMS
from osil.ros import convert, topics
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil_interfaces.msg import BlockPose, BlockPoseArray

MAX_BLOCKS = 12


@dataclass(frozen=True)
class GazeboBlocksParameters:
    """What there is to be told."""

    num_blocks: int = parameter("blocks on the table, named a, b, c ...", 2, MAX_BLOCKS)


class GazeboBlocksNode(Node):
    """Transforms of single blocks in, poses of all blocks out."""

    def __init__(self) -> None:
        super().__init__("gazebo_blocks")
        self._names = string.ascii_lowercase[: declare(self, GazeboBlocksParameters).num_blocks]
        self._seen: dict[str, Pose] = {}
        self._stamp = 0
        self._block_poses = self.create_publisher(BlockPoseArray, topics.BLOCK_POSES, 1)
        self.create_subscription(TransformStamped, BLOCK_TRANSFORMS, self._see, 10 * len(self._names))

    def _see(self, message: TransformStamped) -> None:
        stamp = convert.to_nanoseconds(message.header.stamp)
        if stamp != self._stamp:
            self._seen, self._stamp = {}, stamp
        at, turn = message.transform.translation, message.transform.rotation
        self._seen[message.child_frame_id] = Pose(position=Point(x=at.x, y=at.y, z=at.z), orientation=turn)
        if all(name in self._seen for name in self._names):
            blocks = [BlockPose(name=name, pose=self._seen[name]) for name in self._names]
            self._block_poses.publish(convert.from_blocks(blocks, stamp))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(GazeboBlocksNode, "gazebo_blocks.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
