"""The blocks: cubes of one size, what follows from that size, and how the fingers tell it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import Self

from osil.core import BoolArray, FloatArray, Observation
from osil.errors import ConfigError, DemonstrationError

SMALLEST, LARGEST = 0.025, 0.060
"""Edge lengths of blocks, metres."""

NOMINAL_SIZE = 0.04
"""Edge length of the blocks with which the released policies have learned, metres."""

MISREAD = 0.0015
"""The fingers may read a block this much too narrow or too wide, metres."""

GRASP_ROOM = 0.019
"""The fingers reach this far below where they hold a block, with room to what the block stands on, metres."""

AT_REST = 0.0005
"""Fingers that move less than this in a control step are at rest, metres."""


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

    @classmethod
    def shown(cls, demonstration: Observation) -> Self:
        """The blocks of a demonstration, leading ``[T]``, as its fingers tell. Raises what ``held_width`` does."""
        return cls(float(np.clip(held_width(demonstration), SMALLEST, LARGEST)))

    @classmethod
    def likely(cls, demonstration: Observation) -> Self:
        """The same, nominal ones where no block is held: for pictures and descriptions of whatever was recorded."""
        try:
            return cls.shown(demonstration)
        except DemonstrationError:
            return cls()

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
    holding = around & still & (opening > SMALLEST - MISREAD) & (opening < LARGEST + MISREAD)
    if not holding.any():
        raise DemonstrationError(
            f"no block is held in this demonstration: expected one between fingers that rest {SMALLEST} to {LARGEST} m "
            f"apart, got fingers {opening.min():.3f} to {opening.max():.3f} m apart; record it again"
        )
    return float(np.median(opening[holding]))


def grasp_height(size: FloatArray | float) -> FloatArray:
    """How far above their centres blocks are held, so that the finger tips stay off what they stand on, metres.

    Args:
        size: ``[...]`` edge lengths, metres.

    Returns:
        ``[...]``: 0 for all but small blocks.
    """
    height: FloatArray = np.maximum(0.0, GRASP_ROOM - 0.5 * np.asarray(size))
    return height
