"""How large the blocks of a demonstration are: told by the fingers that hold them, and by the height of the towers."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray, Observation
from osil.errors import DemonstrationError
from osil.tasks.block_stacking import layout_below
from osil.tasks.blocks import LARGEST, MISREAD, NOMINAL, SMALLEST, Blocks, between_fingers

AT_REST = 0.0005
"""Fingers that move less than this in a control step are at rest, metres."""

TRACKER_ERROR = 0.003
"""By so much a tracker may err about how far one block is above another, metres."""

AVERAGED = 10
"""Control steps at the end of a demonstration over which heights are averaged."""


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


def shown_size(demonstration: Observation) -> float:
    """Edge length of the blocks, metres.

    Fingers may read a block too wide by a millimetre, which over a tower of nine adds up to most of what the height of
    a block may be wrong by. A tower of nine tells the edge length to a fraction of a millimetre, a pair of blocks only
    roughly. So the two are averaged, each by what it is worth (inverse variances).

    Args:
        demonstration: observations with leading ``[T]``.

    Raises:
        DemonstrationError: the fingers never hold a block.
    """
    read = float(np.clip(held_width(demonstration), SMALLEST, LARGEST))
    positions = demonstration.block_positions
    levels, heights = _levels(layout_below(positions[-1], Blocks(read)), positions[-AVERAGED:, :, 2].mean(0))
    fingers, towers = 1.0 / MISREAD**2, (levels**2).sum() / TRACKER_ERROR**2
    fitted = (levels * heights).sum() / max(1, (levels**2).sum())
    return float(np.clip((fingers * read + towers * fitted) / (fingers + towers), SMALLEST, LARGEST))


def shown_blocks(demonstration: Observation) -> Blocks:
    """The blocks of a demonstration, leading ``[T]``. Raises what ``shown_size`` does."""
    return Blocks(shown_size(demonstration))


def likely_blocks(demonstration: Observation) -> Blocks:
    """The same, nominal ones where no block is held: for pictures and descriptions of whatever was recorded."""
    try:
        return shown_blocks(demonstration)
    except DemonstrationError:
        return NOMINAL


def _levels(below: np.ndarray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each block how many blocks are under it, and how far it is above the lowest of them: two ``[B]``.

    Args:
        below: ``[B]`` index of the block that each block stands on, or -1.
        z: ``[B]`` heights, metres.
    """
    levels = np.zeros(len(below))
    bottom = np.arange(len(below))
    for _ in below:  # a tower has no more levels than there are blocks
        under = below[bottom]
        levels += under >= 0
        bottom = np.where(under >= 0, under, bottom)
    return levels, z - z[bottom]
