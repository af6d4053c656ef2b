"""Where on the table a block is put aside, told from where the other blocks are."""

from __future__ import annotations

import numpy as np

from osil.core import BoolArray, FloatArray

AROUND = np.stack([np.cos(np.arange(16) * np.pi / 8), np.sin(np.arange(16) * np.pi / 8)], axis=-1)
"""Directions of the spots around each block: ``[16, 2]``."""

INWARD = 1.5
"""A metre nearer to the middle of the blocks is worth so many metres of way: beyond them the table may end."""

CROWDED = 100.0
"""A metre of room that is missing is as bad as so many metres of way."""


def free_spot(blocks: FloatArray, counts: BoolArray, room: float) -> FloatArray:
    """The best of the spots around the blocks.

    On the way there it stays the best one: it comes nearer by as much as any other does at most.

    Args:
        blocks: ``[N, B, 2]`` from the block to be put aside to each block, metres.
        counts: ``[N, B]`` which of these are in the way, at least one of each N.
        room: at least so far from each of them, metres.

    Returns:
        ``[N, 2]`` the way there, metres.
    """
    rows, count = blocks.shape[:2]
    centre = (blocks * counts[..., None]).sum(1) / counts.sum(-1, keepdims=True)
    spots = (blocks[:, :, None] + room * AROUND).reshape(rows, count * len(AROUND), 2)
    missing = np.where(counts[:, None], room - _norm(spots[:, :, None] - blocks[:, None]), 0.0).max(-1, initial=0.0)
    cost = _norm(spots) + INWARD * _norm(spots - centre[:, None]) + CROWDED * missing
    best: FloatArray = spots[np.arange(rows), cost.argmin(-1)]
    return best


def _norm(vectors: FloatArray) -> FloatArray:
    length: FloatArray = np.sqrt((vectors**2).sum(-1))
    return length
