"""Blocks of any size, seen at the scale of those that a policy knows.

A policy has learned with blocks of one size. Blocks of another size are shown to it enlarged or reduced to that size,
with everything around them, and its motions are carried out in proportion. How large they are and what the fingers read
at them are two quantities, both taken from the demonstration, so that fingers whose zero is off do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.arrays import Arrays
from osil.core import Action, FloatArray, Observation
from osil.tasks.block_size import held_width, shown_size
from osil.tasks.blocks import NOMINAL, grasp_height


@dataclass(frozen=True, eq=False)
class BlockScale(Arrays):
    """Between worlds of blocks of any size and one with ``NOMINAL`` blocks.

    Attributes:
        size: edge length of the blocks, metres: a number, or ``[N]`` for as many worlds.
        width: what the fingers read at a block, metres: of the same shape.
    """

    size: FloatArray
    width: FloatArray

    @classmethod
    def of(cls, demonstrations: Sequence[Observation]) -> BlockScale:
        """The scales of N demonstrations. Raises what ``shown_size`` does."""
        return cls(
            np.array([shown_size(one) for one in demonstrations]), np.array([held_width(one) for one in demonstrations])
        )

    def shrink(self, observation: Observation) -> Observation:
        """What would be seen if the blocks were nominal: the fingers are as far from a block as they are.

        Nominal blocks are held at their centre, small ones above it.
        """
        factor, held = NOMINAL.size / self.size, np.zeros((*self.size.shape, 1, 3))
        held[..., 0, 2] = grasp_height(self.size)
        return Observation(
            (observation.block_positions + held) * factor[..., None, None],
            observation.gripper_opening + (NOMINAL.size - self.width),
            observation.block_yaws,
        )

    def grow(self, action: Action) -> Action:
        """What to do, given what would be done if the blocks were nominal."""
        factor = self.size / NOMINAL.size
        return Action(action.displacement * factor[..., None], action.close_gripper, action.yaw_step)
