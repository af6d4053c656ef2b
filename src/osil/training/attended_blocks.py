"""The blocks that heads of the context network are taught to look at: all that the next motion depends on.

The manipulation network sees the scene through these heads alone. What none of them looks at, such as a wrong block in
the fingers, it cannot know of.
"""

from __future__ import annotations

import numpy as np

from osil.core import Observation
from osil.networks.context_network import TAUGHT_HEADS
from osil.tasks.blocks import NOMINAL, in_fingers

BESIDE = 0.12
"""A block that is no further than this (metres) from where the hand comes down may be in its way."""


def attended_blocks(observations: Observation, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Which block each taught head should look at, in their order.

    Args:
        observations: leading ``[...]``, of nominal blocks: all that is learned from shows such.
        source, target: ``[...]`` blocks of the present stage, -1 where all stages are done.

    Returns:
        ``[..., TAUGHT_HEADS]``, -1 where there is no such block.
    """
    held = held_block(observations)
    goal = np.where((held >= 0) & (held == source), target, source)
    others = tallest(observations), held, lying(observations), beside(observations, goal)
    blocks = np.stack([source, target, *others], axis=-1)
    assert blocks.shape[-1] == TAUGHT_HEADS
    return blocks


def tallest(observations: Observation) -> np.ndarray:
    """The block that stands out above all others but the one in the fingers, or -1 where none does: ``[...]``."""
    heights = np.where(in_fingers(observations, NOMINAL), -np.inf, observations.block_positions[..., 2])
    second, first = np.moveaxis(np.sort(heights, axis=-1)[..., -2:], -1, 0)
    return np.where(first - second > NOMINAL.half, heights.argmax(-1), -1)


def held_block(observations: Observation) -> np.ndarray:
    """The block in the fingers, or -1: ``[...]``."""
    held = in_fingers(observations, NOMINAL)
    return np.where(held.any(-1), held.argmax(-1), -1)


def lying(observations: Observation) -> np.ndarray:
    """Of the lowest blocks, which lie on the table, the one nearest to the hand: ``[...]``; -1 if one is held alone."""
    positions, free = observations.block_positions, ~in_fingers(observations, NOMINAL)
    heights = np.where(free, positions[..., 2], np.inf)
    low = free & (heights < heights.min(-1, keepdims=True) + NOMINAL.half)
    distance = np.where(low, np.hypot(positions[..., 0], positions[..., 1]), np.inf)
    return np.where(low.any(-1), distance.argmin(-1), -1)


def beside(observations: Observation, goal: np.ndarray) -> np.ndarray:
    """The block beside ``goal`` ``[...]`` that fingers and palm come nearest to, the topmost of its pile; or -1."""
    positions = observations.block_positions
    at = np.take_along_axis(positions, np.maximum(goal, 0)[..., None, None], axis=-2)
    distance = np.hypot(*np.moveaxis((positions - at)[..., :2], -1, 0))
    others = (distance > NOMINAL.half) & ~in_fingers(observations, NOMINAL)
    nearest = np.where(others, distance, np.inf).min(-1, keepdims=True)
    pile = others & (distance < nearest + NOMINAL.half)
    top = np.where(pile, positions[..., 2], -np.inf).argmax(-1)
    return np.where((nearest[..., 0] < BESIDE) & (goal >= 0), top, -1)
