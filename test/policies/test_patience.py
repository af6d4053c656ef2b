"""A hand that gets nowhere acts by chance for a while, and no other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from osil.core import Observation
from osil.networks.manipulation_network import ActionDistribution, by_chance
from osil.policies.patience import AT_ONCE, SPAN, Patience

BLOCKS = np.array([[0.1, 0.0, -0.2], [0.0, 0.1, -0.2], [-0.1, 0.0, -0.2]])


def seen(*hands: tuple[float, float], opening: float = 0.04) -> Observation:
    """By hands at these places, among the same blocks."""
    positions = np.stack([BLOCKS - np.array([x, y, 0.0]) for x, y in hands])
    return Observation(positions, np.full(len(hands), opening), np.zeros(positions.shape[:2]))


def test_who_stays_about_where_he_was_for_a_second_is_lost_for_a_while() -> None:
    patience = Patience([0, 1, 2])
    lost = []
    for step in range(2 * SPAN):
        still, to_and_fro, on = (0.0, 0.0), (0.01 * (step % 2), 0.0), (0.004 * step, 0.0)
        lost.append(patience.lost(seen(still, to_and_fro, on)))
    at = np.array(lost)
    assert not at[:SPAN].any()
    assert at[SPAN : SPAN + AT_ONCE, :2].all()
    assert not at[:, 2].any(), "who moves on is not lost"
    assert (patience.way[:2] != 0.0).all()
    assert (patience.way[2] == 0.0).all()


def test_who_works_the_fingers_is_not_lost() -> None:
    patience = Patience([0])
    for step in range(2 * SPAN):
        assert not patience.lost(seen((0.0, 0.0), opening=0.04 + 0.001 * (step + 1))).any()


def test_the_way_is_chance_of_the_seed_alone() -> None:
    alone, beside = Patience([5]), Patience([3, 5])
    for _ in range(SPAN + 1):
        alone.lost(seen((0.0, 0.0)))
        beside.lost(seen((0.0, 0.0), (0.0, 0.0)))
    np.testing.assert_array_equal(alone.way[0], beside.way[1])
    assert (beside.way[0] != beside.way[1]).all()


@pytest.mark.parametrize(("weights", "expected"), [([0.99, 0.01], {0.0}), ([0.5, 0.5], {0.0, 1.0})])
def test_only_likely_answers_are_drawn(weights: list[float], expected: set[float]) -> None:
    """What has been done stays done: a hand that rests for sure goes on to rest."""
    rest, up = [0.0] * 4, [0.0, 0.0, 1.0, 0.0]
    mixture = ActionDistribution(
        torch.log(torch.tensor(weights)),
        torch.tensor([rest, up]),
        torch.full((2, 4), -20.0),
        torch.tensor([-3.0, 3.0]),
    )
    rng, drawn = np.random.default_rng(0), set()
    for _ in range(30):
        motion, close = by_chance(mixture, np.ones(4), torch.zeros(4), rng)
        drawn.add(round(float(motion[2]), 3))
        assert close == (motion[2] > 0.5), "fingers and motion belong together"
    assert drawn == expected


def test_a_broad_answer_leads_away_from_its_mean() -> None:
    mixture = ActionDistribution(
        torch.zeros(1), torch.zeros(1, 4), torch.log(torch.tensor([[0.5, 0.5, 0.05, 0.05]])), torch.tensor([3.0])
    )
    motion, _ = by_chance(mixture, np.array([2.0, -1.0, 0.0, 0.0]), torch.zeros(4), np.random.default_rng(0))
    np.testing.assert_allclose(motion, [1.0, -0.5, 0.0, 0.0])


def test_of_two_ways_that_are_as_likely_one_is_kept_to() -> None:
    """Above a block between its two grips the hand would turn to and fro for ever."""
    turns = torch.tensor([[0.0, 0.0, 0.0, -1.0], [0.0, 0.0, 0.0, 1.0]])
    mixture = ActionDistribution(torch.zeros(2), turns, torch.full((2, 4), -20.0), torch.full((2,), -3.0))
    for seed in range(10):
        rng, before, drawn = np.random.default_rng(seed), torch.zeros(4), []
        for _ in range(10):
            motion, _ = by_chance(mixture, np.ones(4), before, rng)
            before = torch.as_tensor(motion, dtype=torch.float32)
            drawn.append(motion[3])
        assert abs(sum(drawn)) > 9.9, "all the same way"
