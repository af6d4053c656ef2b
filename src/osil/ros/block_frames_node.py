"""Tells ROS tools of the blocks: a frame of its name for each, and a cube to look at. Both are as old as the poses.

Subscribes: ``block_poses``.
Publishes: ``tf`` (tf2_msgs/TFMessage); ``block_markers`` (visualization_msgs/MarkerArray).
Parameters: see ``BlockFramesParameters`` and ``config/block_frames.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.node import Node
from visualization_msgs.msg import MarkerArray

from osil.errors import ObservationError
from osil.ros import convert, topics
from osil.ros.frame_messages import block_frames, block_markers, from_frames
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil_interfaces.msg import BlockPoseArray
from tf2_msgs.msg import TFMessage


@dataclass(frozen=True)
class BlockFramesParameters:
    """What the blocks look like."""

    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)


class BlockFramesNode(Node):
    """Block poses in, frames and cubes out."""

    def __init__(self) -> None:
        super().__init__("block_frames")
        self._blocks = Blocks(declare(self, BlockFramesParameters).block_size)
        self._stamp = 0  # of the newest poses, nanoseconds
        self._tf = self.create_publisher(TFMessage, topics.TF, 10)
        self._markers = self.create_publisher(MarkerArray, topics.BLOCK_MARKERS, 1)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._show, topics.NEWEST)

    def _show(self, message: BlockPoseArray) -> None:
        stamp = convert.to_nanoseconds(message.header.stamp)
        if stamp == self._stamp:  # tf2 complains of what it is told twice
            return
        self._stamp = stamp
        try:
            convert.to_scene(message.blocks)
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
        else:
            self._tf.publish(from_frames(block_frames(message), stamp))
            self._markers.publish(block_markers(message, self._blocks.size))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(BlockFramesNode, "block_frames.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
