"""What is believed of the blocks: where each was seen last, how long ago, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from osil.core import FloatArray, Scene
from osil.geometry import wrap_cube_yaw
from osil.robots.kinematics import GripperPose
from osil.robots.sensing import carried_forward, observe
from osil.tasks.blocks import Blocks, in_fingers
from osil.tracking.camera import Camera
from osil.tracking.placing import place
from osil.tracking.tags import TagSet

HALF_LIFE = 5.0
"""Seconds out of sight after which one is half as sure of a block."""


@dataclass(frozen=True, eq=False)
class TrackedBlock:
    """What is believed of a block.

    Attributes:
        position: ``[3]`` its centre, metres, base frame.
        yaw: about z, radians in [-pi/4, pi/4).
        fit: how well its tag looked as it should when it was seen last, 0 to 1.
        age: seconds since then.
        held: between closed fingers.
    """

    position: FloatArray
    yaw: float
    fit: float
    age: float = 0.0
    held: bool = False

    @property
    def confidence(self) -> float:
        """1 where its tag has just been seen as it should look; fades while it is out of sight."""
        return float(self.fit * 0.5 ** (self.age / HALF_LIFE))


class BlockTracker:
    """Believes what it sees. A block out of sight stays where it was, or goes with the fingers that hold it.

    Attributes:
        blocks: what is believed of each block that was ever in sight, by name.
    """

    def __init__(self, tags: TagSet, blocks: Blocks, table_height: float) -> None:
        """``table_height``: of the table's top over the floor, metres.

        Raises:
            ConfigError: the tags are too large for the blocks.
        """
        tags.check_fits(blocks.size)
        self._tags, self._sizes = tags, blocks
        # Of the tag on a block that stands on the table, on one other block, on two ...
        self._heights = table_height + blocks.size * np.arange(1, len(tags.names) + 1)
        self.blocks: dict[str, TrackedBlock] = {}

    def carry(self, seconds: float, grippers: GripperPose, openings: FloatArray) -> None:
        """Go on by so many seconds.

        Args:
            seconds: since the last time.
            grippers: poses ``[K]`` of the gripper from that time to now.
            openings: ``[K]`` distance between the pads, metres.
        """
        if not self.blocks:
            return
        before = self.blocks.values()
        scene = Scene(np.stack([block.position for block in before]), np.array([block.yaw for block in before]))
        now = carried_forward(scene, grippers, openings, self._sizes)
        held = in_fingers(observe(now.block_positions, now.block_yaws, grippers[-1], openings[-1]), self._sizes)
        yaws = wrap_cube_yaw(now.block_yaws).tolist()
        self.blocks = {
            name: replace(block, position=position, yaw=yaw, age=block.age + seconds, held=is_held)
            for (name, block), position, yaw, is_held in zip(
                self.blocks.items(), now.block_positions, yaws, held.tolist(), strict=True
            )
        }

    def see(self, tags: Mapping[str, FloatArray], camera: Camera) -> None:
        """Take in the corners ``[4, 2]`` (pixels) of the tags in a picture of now, by the name of the block."""
        for name, pixels in tags.items():
            before = self.blocks.get(name)
            placed = place(pixels, self._tags.corners, camera, self._possible_heights(before))
            if placed is not None:
                position = placed.centre - (0.0, 0.0, self._sizes.half)
                yaw = float(wrap_cube_yaw(np.array(placed.yaw)))
                self.blocks[name] = TrackedBlock(position, yaw, placed.fit, held=before is not None and before.held)

    def _possible_heights(self, block: TrackedBlock | None) -> list[float]:
        """Of the tag of a block: a whole number of blocks over the table, or where the fingers that hold it are.

        The hand tells more exactly than a tag's size how high it is. So what is near it is left out, and what is far
        stays: the block may have dropped.
        """
        heights: list[float] = self._heights.tolist()
        if block is None or not block.held:
            return heights
        carried = float(block.position[2]) + self._sizes.half
        return [carried, *(height for height in heights if abs(height - carried) > self._sizes.half)]

    def forget_hidden(self) -> list[str]:
        """Know nothing any more of blocks that the last picture did not show: they may have been taken away.

        Returns:
            Their names.
        """
        hidden = [name for name, block in self.blocks.items() if block.age > 0.0]
        for name in hidden:
            del self.blocks[name]
        return hidden
