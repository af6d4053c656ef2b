"""Takes what a detector tells in the messages of vision_msgs for the poses of the blocks.

A detection is a block if its likeliest class is the name of one, a lower-case letter; others are left out. The block is
where the bounding box has its centre. Nothing is judged here: blocks that are missing, late, or in another frame than
base_link are noticed by whoever looks at them.

Subscribes: ``detections`` (vision_msgs/Detection3DArray).
Publishes: ``block_poses`` (BlockPoseArray).
"""

from __future__ import annotations

import string
from collections.abc import Sequence

from rclpy.node import Node

from osil.errors import ResourceError
from osil.ros import topics
from osil.ros.run_node import run_node
from osil_interfaces.msg import BlockPose, BlockPoseArray

try:
    from vision_msgs.msg import Detection3DArray
except ImportError as error:
    raise ResourceError(
        "detections need the ROS package vision_msgs; apt install ros-$ROS_DISTRO-vision-msgs, or publish "
        f"{topics.BLOCK_POSES}"
    ) from error


BLOCK_NAMES = frozenset(string.ascii_lowercase)


class DetectionsNode(Node):
    """Detections in, block poses out."""

    def __init__(self) -> None:
        super().__init__("detections")
        self._block_poses = self.create_publisher(BlockPoseArray, topics.BLOCK_POSES, 1)
        self.create_subscription(Detection3DArray, topics.DETECTIONS, self._tell, topics.NEWEST)

    def _tell(self, message: Detection3DArray) -> None:
        blocks = []
        for detection in message.detections:
            likeliest = max(detection.results, key=lambda result: result.hypothesis.score, default=None)
            if likeliest is not None and likeliest.hypothesis.class_id in BLOCK_NAMES:
                blocks.append(BlockPose(name=likeliest.hypothesis.class_id, pose=detection.bbox.center))
        blocks.sort(key=lambda block: block.name)
        self._block_poses.publish(BlockPoseArray(header=message.header, blocks=blocks))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(DetectionsNode, "detections.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
