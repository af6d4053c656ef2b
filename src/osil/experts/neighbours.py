"""How a hand comes down on a block between others: turned by a quarter, or a little off the middle of a block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import BoolArray, FloatArray
from osil.geometry import half_extent, rotate_z
from osil.robots.robot import Gripper
from osil.tasks.blocks import Blocks

ROOM = 0.003
"""Open fingers and palm come down at least so far from a neighbour of the block to pick or to place, metres."""

TURN_BACK = 0.2
"""A quarter turn goes the one way unless the block is turned by more than this (radians) the other way. Blocks that lie
parallel are about 0 from the hand, where a policy must not have to choose between two ways round."""

DOWN = 0.5
"""A hand that is so far down, in edge lengths above where it closes or lets go, has found room there: its finger tips
are below the tops of neighbours, and do not stand on one."""

HELD = 0.012
"""A block is held so far from its middle at most, metres: as far as the pads, which are 26 mm wide, still bear upon."""

PLACED = 0.006
"""A block is placed so far from the middle of the one below at most, metres: six that lean so still stand."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The blocks around N places where a hand comes down, seen along an axis of the hand.

    Attributes:
        across, along: ``[N, B]`` from there to each block, across the direction in which the fingers close, and along
            it, metres.
        extent: ``[N, B]`` by how much they extend from their centres in either, metres.
        level: ``[N, B]`` which reach up to the finger tips.
        high: ``[N, B]`` which reach up to the palm.
    """

    across: FloatArray
    along: FloatArray
    extent: FloatArray
    level: BoolArray
    high: BoolArray

    def turned(self) -> Neighbours:
        """As a hand sees them that is turned to the left by a quarter."""
        return Neighbours(self.along, -self.across, self.extent, self.level, self.high)

    def shift(self, gripper: Gripper, most: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How far to come down off the middle, ``most`` at most, and how much room the palm lacks in the middle.

        All are ``[N]``, metres.
        """
        across, along = (half + ROOM for half in gripper.palm)
        in_the_way = self.high & (np.abs(self.along) < along + self.extent)
        lacking = np.where(in_the_way, np.maximum(across + self.extent - np.abs(self.across), 0.0), 0.0)
        ahead, behind = (np.where(side, lacking, 0.0).max(-1) for side in (self.across > 0.0, self.across <= 0.0))
        return np.clip(behind - ahead, -most, most), np.maximum(ahead, behind)

    def finger_room(self, gripper: Gripper) -> FloatArray:
        """How far the nearest block is from the open fingers: ``[N]`` metres, below 0 if they would stand on it."""
        half, thick = gripper.finger
        beyond = np.abs(self.across) - half, np.abs(self.along) - 0.5 * gripper.opening - 2 * thick
        outside = np.maximum(*beyond) - ROOM - self.extent
        room: FloatArray = np.where(self.level, outside, np.inf).min(-1)
        return room


def find_room(
    positions: FloatArray,
    yaws: FloatArray,
    goal: FloatArray,
    others: BoolArray,
    holding: BoolArray,
    turn: FloatArray,
    gripper: Gripper,
    blocks: Blocks,
) -> tuple[FloatArray, FloatArray]:
    """Turn the hand by another quarter, or shift it, where open fingers or palm would come down on a neighbour.

    Args:
        positions: ``[N, B, 3]`` of the blocks, from the grasp centre, metres.
        yaws: ``[N, B]`` theirs, radians.
        goal: ``[N, 3]`` where the grasp centre is to go.
        others: ``[N, B]`` blocks that may be in the way.
        holding: ``[N]`` whether it comes to place a block.
        turn: ``[N]`` the rotation that aligns the fingers with the block to pick, or the one they hold with its target.
        gripper: the hand.
        blocks: how large they are.

    Returns:
        The rotation ``[N]`` by which the hand finds room, if either does, and how far from ``goal`` ``[N, 3]`` it
        finds it.
    """
    offset = rotate_z(positions - goal[:, None], -turn[:, None])
    across, along, height = np.moveaxis(offset, -1, 0)
    tips, palm = blocks.half + gripper.tip + ROOM, gripper.finger_length - gripper.tip - blocks.half - ROOM
    extent = half_extent(blocks.size, yaws - turn[:, None])
    straight = Neighbours(across, along, extent, others & (-tips < height) & (height < palm), others & (height > palm))
    sides = straight, straight.turned()
    most = np.where(holding, PLACED, HELD)
    (shift, lacking), (other_shift, other_lacking) = (side.shift(gripper, most) for side in sides)
    now, other = (
        np.minimum(side.finger_room(gripper), -lack) for side, lack in zip(sides, (lacking, other_lacking), strict=True)
    )
    down = goal[:, 2] > -DOWN * blocks.size
    turns = (now < 0.0) & (other > now) & ~down
    quarter = np.where(turn > TURN_BACK, turn - 0.5 * np.pi, turn + 0.5 * np.pi)
    distance = np.where(turns, other_shift, shift)
    off_centre = rotate_z(distance[:, None] * np.array([1.0, 0.0, 0.0]), np.where(turns, turn + 0.5 * np.pi, turn))
    return np.where(turns, quarter, turn), off_centre
