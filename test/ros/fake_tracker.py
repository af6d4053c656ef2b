"""Tells ROS where the blocks of a fake Fetch are, as a tracker beside the robot would."""

from __future__ import annotations

import string

from osil.ros import convert, topics
from osil_interfaces.msg import BlockPoseArray

from .fake_fetch import FakeFetch
from .spinning import SpinningNode

PERIOD = 1 / 30


class FakeTracker(SpinningNode):
    """Publishes ``block_poses``, stamped by our clock."""

    def __init__(self, fetch: FakeFetch) -> None:
        super().__init__("fake_tracker")
        self._fetch = fetch
        self._block_poses = self.create_publisher(BlockPoseArray, topics.BLOCK_POSES, 1)
        self.create_timer(PERIOD, self._look)
        self.spin()

    def _look(self) -> None:
        positions, quaternions = self._fetch.blocks
        blocks = convert.from_poses(positions, quaternions, string.ascii_lowercase[: len(positions)])
        self._block_poses.publish(convert.from_blocks(blocks, self.get_clock().now().nanoseconds))
