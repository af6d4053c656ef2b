"""The table in front of the arm, and where on it the blocks may lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray, Scene
from osil.errors import SceneError
from osil.tasks.blocks import NOMINAL, Blocks


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
        max_yaw: block yaws are uniform in ``[-max_yaw, max_yaw]`` (a cube repeats every pi/2). 0: every block lies
            parallel to the base frame, as in the paper, whose policies see positions alone.
    """

    height: float
    centre_x: float
    min_radius: float
    max_radius: float
    max_y: float
    spacing: float
    max_yaw: float = np.pi / 4

    @property
    def extent(self) -> tuple[float, float, float]:
        """Least and greatest x and greatest ``|y|`` of a block centre, metres, base frame."""
        nearest = math.sqrt(max(0.0, self.min_radius**2 - self.max_y**2))
        return self.centre_x + nearest, self.centre_x + self.max_radius, self.max_y

    def contains(self, position: FloatArray) -> bool:
        """Whether a block centred at ``position`` (``[2]`` or ``[3]``, base frame) lies where blocks may lie."""
        radius = np.hypot(position[0] - self.centre_x, position[1])
        return bool(self.min_radius <= radius <= self.max_radius and abs(position[1]) <= self.max_y)

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
            placed: list[FloatArray] = []
            for _ in range(200):
                if len(placed) == num_blocks:
                    yaws = rng.uniform(-self.max_yaw, self.max_yaw, num_blocks)
                    heights = np.full((num_blocks, 1), self.height + blocks.half)
                    return Scene(np.concatenate([np.array(placed).reshape(-1, 2), heights], axis=1), yaws)
                radius = np.sqrt(rng.uniform(self.min_radius**2, self.max_radius**2))
                y = rng.uniform(-self.max_y, self.max_y)
                if abs(y) > radius:  # a table that goes round to the sides of the arm
                    continue
                centre = np.array([self.centre_x + np.sqrt(radius**2 - y**2), y])
                if all(np.hypot(*(centre - other)) >= self.spacing for other in placed):
                    placed.append(centre)
        raise SceneError(f"{num_blocks} blocks do not fit on the table {self.spacing} m apart; use fewer blocks")
