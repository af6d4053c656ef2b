"""The blocks: cubes of one size, and what follows from that size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import BoolArray, FloatArray, Observation
from osil.errors import ConfigError

SMALLEST, LARGEST = 0.025, 0.060
"""Edge lengths of blocks, metres."""

NOMINAL_SIZE = 0.04
"""Edge length of the blocks with which the released policies have learned, metres."""

MISREAD = 0.0015
"""The fingers may read a block this much too narrow or too wide, metres."""

GRASP_ROOM = 0.019
"""The fingers reach this far below where they hold a block, with room to what the block stands on, metres."""


@dataclass(frozen=True)
class Blocks:
    """Equal cubes. Whoever reads a layout or a grip from positions and finger widths is told of which cubes.

    Attributes:
        size: edge length, metres.

    Raises:
        ConfigError: a size outside ``SMALLEST`` to ``LARGEST``.
    """

    size: float = NOMINAL_SIZE

    def __post_init__(self) -> None:
        if not SMALLEST - 1e-9 <= self.size <= LARGEST + 1e-9:
            raise ConfigError(f"blocks of {self.size} m: expected an edge length of {SMALLEST} to {LARGEST} m")

    @property
    def half(self) -> float:
        """From the centre to a face, metres."""
        return 0.5 * self.size

    @property
    def excess(self) -> float:
        """By how much the edges are longer than those of nominal blocks, metres; below 0 if they are shorter."""
        return self.size - NOMINAL_SIZE

    @property
    def lateral_tolerance(self) -> float:
        """A block further than this (metres, in the plane) from the block below does not count as stacked on it."""
        return 0.5 * self.size

    @property
    def height_tolerance(self) -> float:
        """Largest deviation (metres) from one block size between the heights of two stacked centres."""
        return 0.25 * self.size

    @property
    def held_width(self) -> float:
        """Fingers around a block that are closer than this (metres) hold it."""
        return 0.046 + self.excess

    @property
    def free_width(self) -> float:
        """Fingers further apart than this (metres) have let go what they held."""
        return self.size + 0.01

    @property
    def open_width(self) -> float:
        """Fingers further apart than this (metres) are open: there is room for a block between them."""
        return 0.060 + self.excess

    def check_opening(self, opening: float) -> None:
        """Raise ConfigError unless a hand whose pads are ``opening`` metres apart when open can take these blocks."""
        if opening <= self.open_width:
            raise ConfigError(
                f"a hand that opens {1000 * opening:.0f} mm is too narrow for blocks of {1000 * self.size:.0f} mm: "
                f"expected more than {1000 * self.open_width:.0f} mm; open it wider, or take smaller blocks"
            )


NOMINAL = Blocks()
"""The blocks with which the released policies have learned."""

BLOCK_COLOURS = (
    (0.84, 0.15, 0.16),
    (0.12, 0.42, 0.75),
    (0.20, 0.63, 0.17),
    (1.00, 0.80, 0.10),
    (0.52, 0.30, 0.70),
    (1.00, 0.50, 0.05),
    (0.10, 0.75, 0.80),
    (0.93, 0.50, 0.76),
    (0.50, 0.30, 0.22),
    (0.65, 0.80, 0.20),
    (0.25, 0.26, 0.30),
    (0.96, 0.96, 0.96),
)
"""RGB of the blocks a, b, c ...; further blocks begin again."""


def between_fingers(block_positions: FloatArray) -> BoolArray:
    """Which blocks are where the fingers could hold them: a matter of the pads, whatever the size of the blocks.

    Args:
        block_positions: ``[..., B, 3]`` centres in the gripper frame, metres.

    Returns:
        ``[..., B]``.
    """
    result: BoolArray = np.all(np.abs(block_positions) < (0.016, 0.012, 0.022), axis=-1)
    return result


def in_fingers(observation: Observation, blocks: Blocks) -> BoolArray:
    """``[..., B]`` which blocks the fingers hold, by how far apart they are."""
    closed = observation.gripper_opening[..., None] < blocks.held_width
    result: BoolArray = between_fingers(observation.block_positions) & closed
    return result


def grasp_height(size: FloatArray | float) -> FloatArray:
    """How far above their centres blocks are held, so that the finger tips stay off what they stand on, metres.

    Args:
        size: ``[...]`` edge lengths, metres.

    Returns:
        ``[...]``: 0 for all but small blocks.
    """
    height: FloatArray = np.maximum(0.0, GRASP_ROOM - 0.5 * np.asarray(size))
    return height
