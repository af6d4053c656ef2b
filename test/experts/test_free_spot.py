"""A free spot is free, and stays the one to go to on the way there."""

from __future__ import annotations

import numpy as np

from osil.experts.free_spot import free_spot

ROOM, WORLDS, BLOCKS = 0.1, 200, 6


def _crowd() -> tuple[np.ndarray, np.ndarray]:
    """Blocks around one that is to be put aside, from that one, and which of them count."""
    rng = np.random.default_rng(0)
    blocks = rng.uniform(-0.25, 0.25, (WORLDS, BLOCKS, 2))
    counts = rng.random((WORLDS, BLOCKS)) < 0.8
    counts[:, 0] = True
    return blocks, counts


def test_the_spot_is_far_enough_from_all_that_count() -> None:
    blocks, counts = _crowd()
    distance = np.linalg.norm(blocks - free_spot(blocks, counts, ROOM)[:, None], axis=-1)
    assert distance[counts].min() > ROOM - 1e-9
    assert distance[~counts].min() < 0.5 * ROOM, "some of the others are not minded"


def test_nobody_turns_round_on_the_way() -> None:
    blocks, counts = _crowd()
    way = free_spot(blocks, counts, ROOM)
    begun = blocks - 0.4 * way[:, None]
    np.testing.assert_allclose(free_spot(begun, counts, ROOM), 0.6 * way, atol=1e-9)
