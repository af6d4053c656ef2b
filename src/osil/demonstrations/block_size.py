"""How large the blocks are, told by the fingers that hold them in a demonstration.

A policy has learned with blocks of one size. Blocks of another size are shown to it enlarged or reduced to that size,
with everything around them, and its motions are carried out in proportion. What the fingers read at a block is taken
from the demonstration, too, so that fingers whose zero is off by a millimetre do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.arrays import Arrays
from osil.core import Action, FloatArray, Observation
from osil.errors import DemonstrationError
from osil.tasks.block_stacking import BLOCK_SIZE, between_fingers

SMALLEST, LARGEST = 0.025, 0.060
"""A block in the fingers is larger and smaller than this, metres; open fingers are further apart."""

AT_REST = 0.0005
"""Fingers that move less than this in a control step are at rest, metres."""


def held_width(demonstration: Observation) -> float:
    """Distance between the finger pads while they hold a block: the median over these frames, metres.

    Args:
        demonstration: observations with leading ``[T]``.

    Raises:
        DemonstrationError: the fingers never hold a block.
    """
    opening = demonstration.gripper_opening
    still = np.abs(np.diff(opening, prepend=np.nan)) < AT_REST
    around = between_fingers(demonstration.block_positions).any(-1)
    holding = around & still & (opening > SMALLEST) & (opening < LARGEST)
    if not holding.any():
        raise DemonstrationError(
            f"no block is held in this demonstration: expected one between fingers that rest {SMALLEST} to {LARGEST} m "
            f"apart, got fingers {opening.min():.3f} to {opening.max():.3f} m apart; record it again"
        )
    return float(np.median(opening[holding]))


@dataclass(frozen=True, eq=False)
class BlockScale(Arrays):
    """Between worlds of blocks of any size and one with blocks of ``BLOCK_SIZE``.

    Attributes:
        width: what the fingers read at a block, metres: a number, or ``[N]`` for as many worlds.
    """

    width: FloatArray

    @classmethod
    def of(cls, demonstrations: Sequence[Observation]) -> BlockScale:
        """The scales of N demonstrations. Raises what ``held_width`` does."""
        return cls(np.array([held_width(one) for one in demonstrations]))

    def shrink(self, observation: Observation) -> Observation:
        """What would be seen if the blocks were of ``BLOCK_SIZE``: the fingers are as far from a block as they are."""
        factor = BLOCK_SIZE / self.width
        return Observation(
            observation.block_positions * factor[..., None, None],
            observation.gripper_opening + (BLOCK_SIZE - self.width),
            observation.block_yaws,
        )

    def grow(self, action: Action) -> Action:
        """What to do, given what would be done if the blocks were of ``BLOCK_SIZE``."""
        factor = self.width / BLOCK_SIZE
        return Action(action.displacement * factor[..., None], action.close_gripper, action.yaw_step)
