"""Trajectories and training batches of particle reaching."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osil.data.reaching import collect
from osil.data.reaching_pairs import FixedPairs, FreshPairs, ReachingBatch, ReachingSampling, evenly_spaced
from osil.errors import ConfigError
from osil.experts.reaching import ReachingExpert

SAMPLING = ReachingSampling(trajectories=200, demonstrations=30, observations=7, frames=5)


def _batch(fresh: bool) -> ReachingBatch:
    rng = np.random.default_rng(0)
    if fresh:
        return FreshPairs(4, SAMPLING, rng).batch()
    return FixedPairs(collect(200, 4, rng), SAMPLING, rng).batch()


@pytest.mark.parametrize("fresh", [False, True])
def test_states_are_labelled_for_the_landmark_that_the_demonstration_reaches(fresh: bool) -> None:
    batch = _batch(fresh)
    assert batch.frames.leading_shape == (30, 5)
    assert batch.states.leading_shape == (30, 7)
    final = batch.frames[:, -1]
    offset = final.landmark_positions - final.robot_position[:, None]
    shown = (offset**2).sum(-1).argmin(-1)
    expected = ReachingExpert(np.repeat(shown[:, None], 7, axis=1)).act(batch.states)
    np.testing.assert_allclose(batch.labels.force, expected.force, atol=1e-9)


def test_fresh_batches_repeat_no_demonstration() -> None:
    source = FreshPairs(3, SAMPLING, np.random.default_rng(0))
    starts = np.concatenate([source.batch().frames.landmark_positions[:, 0, 0] for _ in range(300)])
    assert len(np.unique(starts, axis=0)) == len(starts)


def test_early_states_are_drawn_more_often() -> None:
    rng = np.random.default_rng(0)
    data = collect(200, 4, rng)
    at_rest = [
        np.mean((FixedPairs(data, replace(SAMPLING, early=early), rng).batch().states.robot_velocity == 0.0).all(-1))
        for early in (0.0, 2.0)
    ]
    assert at_rest[0] < 0.3 < 0.7 < at_rest[1]


def test_a_trajectory_is_a_demonstration() -> None:
    trajectories = collect(3, 2, np.random.default_rng(0))
    one = trajectories.demonstrations()[2]
    np.testing.assert_array_equal(one.observations.robot_position, trajectories.observations.robot_position[2])
    np.testing.assert_array_equal(one.actions.force, trajectories.actions.force[2])


@pytest.mark.parametrize("length", [2, 5, 12, 100])
def test_evenly_spaced_frames_reach_from_the_first_to_the_last(length: int) -> None:
    kept = evenly_spaced(length, 5)
    assert len(kept) == 5
    assert (kept[0], kept[-1]) == (0, length - 1)
    assert (np.diff(kept) >= 0).all()


def test_one_frame_is_the_last() -> None:
    assert evenly_spaced(12, 1).tolist() == [11]


def test_sampling_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="frames=0"):
        ReachingSampling(frames=0)
