"""Heads are taught to look at all that the next motion depends on."""

from __future__ import annotations

import numpy as np

from osil.core import Observation
from osil.networks.context_network import BESIDE_HEAD, HELD_HEAD, LYING_HEAD, SOURCE_HEAD, TAUGHT_HEADS
from osil.training.attended_blocks import attended_blocks, beside, held_block, lying, tallest

HELD, NEAR, FAR = [0.0, 0.0, -0.008], [0.10, 0.0, -0.2], [0.2, 0.1, -0.2]


def seen(positions: list[list[float]], opening: float = 0.04) -> Observation:
    return Observation(np.array(positions), np.array(opening))


def test_the_tallest_block_is_the_one_to_clear() -> None:
    low, standing = [0.1, 0.1, -0.2], [0.1, 0.1, -0.12]
    positions = np.array([[low, standing, HELD], [low, standing, HELD], [low, low, HELD]])
    assert tallest(Observation(positions, np.array([0.04, 0.066, 0.04]))).tolist() == [1, 2, -1]


def test_the_block_in_the_fingers_is_seen_once_they_have_closed() -> None:
    assert held_block(seen([NEAR, HELD])) == 1
    assert held_block(seen([NEAR, HELD], opening=0.066)) == -1
    assert held_block(seen([NEAR, FAR])) == -1


def test_a_block_tells_how_high_the_table_is_even_when_another_is_held_as_low() -> None:
    assert lying(seen([FAR, NEAR, HELD])) == 1
    assert lying(seen([[0.2, 0.0, -0.008], HELD, [0.2, 0.0, 0.032]])) == 0
    assert lying(seen([HELD])) == -1


def test_the_top_of_the_nearest_pile_is_beside_the_block_to_pick() -> None:
    beside_it = [[0.17, 0.0, -0.2], [0.17, 0.002, -0.16], [0.165, 0.0, -0.12]]
    positions = [NEAR, *beside_it, [0.0, 0.0, -0.2]]
    assert beside(seen(positions), np.array(0)) == 3
    assert beside(seen([NEAR, [0.10, 0.0, -0.16], FAR]), np.array(0)) == -1  # what stands on it is not beside it
    assert beside(seen(positions), np.array(-1)) == -1


def test_with_the_right_block_held_it_is_its_place_that_counts() -> None:
    """Among cubes of which one stands beside the target, for the source in the fingers or another block there."""
    positions = [HELD, [0.3, 0.0, -0.2], [0.38, 0.0, -0.2], [-0.3, 0.0, -0.2]]
    right = attended_blocks(seen(positions), np.array(0), np.array(1))
    wrong = attended_blocks(seen(positions), np.array(3), np.array(1))
    assert right.shape == (TAUGHT_HEADS,)
    assert (right[SOURCE_HEAD], right[HELD_HEAD], right[LYING_HEAD], right[BESIDE_HEAD]) == (0, 0, 1, 2)
    assert (wrong[SOURCE_HEAD], wrong[HELD_HEAD], wrong[BESIDE_HEAD]) == (3, 0, -1)
