"""The table in front of the arm, and where on it the blocks may lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from osil.choices import Arrangement
from osil.core import FloatArray, Scene
from osil.errors import SceneError
from osil.tasks.arrangements import arrange
from osil.tasks.blocks import NOMINAL, Blocks

_NEAR, _FAR, _ASIDE = 0.065, 0.117, 0.13
"""So far the table goes on beyond where centres of blocks may lie: towards the arm, away from it, to the sides."""


@dataclass(frozen=True)
class Table:
    """Work area in the base frame, metres and radians.

    Attributes:
        height: table top above the floor.
        centre_x: x of the point from which radii are measured, about where the arm turns.
        min_radius: nearest block centre.
        max_radius: farthest block centre.
        max_y: largest ``|y|`` of a block centre.
        spacing: least distance between block centres, so that the open fingers and the wrist fit between.
        arrangement: how the blocks lie. Where they are parallel to the base frame, so is the gripper at the start, as
            in the paper, whose policies see positions alone.
    """

    height: float
    centre_x: float
    min_radius: float
    max_radius: float
    max_y: float
    spacing: float
    arrangement: Arrangement = "random"

    @property
    def turned(self) -> bool:
        """Whether blocks and gripper are turned against the base frame."""
        return self.arrangement in ("random", "any")

    @property
    def extent(self) -> tuple[float, float, float]:
        """Least and greatest x and greatest ``|y|`` of a block centre, metres, base frame."""
        nearest = math.sqrt(max(0.0, self.min_radius**2 - self.max_y**2))
        return self.centre_x + nearest, self.centre_x + self.max_radius, self.max_y

    @property
    def top(self) -> tuple[float, float, float, float]:
        """Middle x and y, length and width of the table top, metres, base frame."""
        near, far, aside = self.extent
        near, far = near - _NEAR, far + _FAR
        return 0.5 * (near + far), 0.0, far - near, 2.0 * (aside + _ASIDE)

    def contains(self, position: FloatArray) -> bool:
        """Whether a block centred at ``position`` (``[2]`` or ``[3]``, base frame) lies where blocks may lie."""
        ahead, aside = position[0] - self.centre_x, abs(position[1])
        return bool(
            ahead > 0.0 and self.min_radius <= np.hypot(ahead, aside) <= self.max_radius and aside <= self.max_y
        )

    def random_scene(
        self,
        num_blocks: int,
        rng: np.random.Generator,
        blocks: Blocks = NOMINAL,
    ) -> Scene:
        """Draw blocks that lie apart from one another on the table.

        Args:
            num_blocks: how many.
            rng: source of randomness.
            blocks: how large they are.

        Returns:
            A scene without leading dimensions.

        Raises:
            SceneError: so many blocks do not fit.
        """
        for _ in range(1000):
            if (found := arrange(self, num_blocks, rng)) is not None:
                positions, yaws = found
                heights = np.full((num_blocks, 1), self.height + blocks.half)
                return Scene(np.concatenate([positions, heights], axis=1), yaws)
        raise SceneError(f"{num_blocks} blocks do not fit on the table {self.spacing} m apart; use fewer blocks")
