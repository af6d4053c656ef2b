"""Temporal dropout, snapshots and final state; the pace of a demonstration does not matter."""

import numpy as np
import pytest

from osil.data.kinematic_episodes import collect
from osil.demonstrations.conditioning import Conditioning, path_length, stage_ends
from osil.errors import ConfigError
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL

FETCH = load_robot("fetch")


@pytest.fixture(scope="module")
def shown():
    episodes = collect([StackingTask.parse("abc de")], np.random.default_rng(0), FETCH)
    return episodes.demonstration(0).observations


def test_dropout_keeps_a_random_ascending_part_and_the_last_frame(shown):
    first, second = (Conditioning().frames(shown, np.random.default_rng(seed), NOMINAL) for seed in (0, 1))
    assert first[-1] == second[-1] == len(shown.gripper_opening) - 1
    assert (np.diff(first) > 0).all()
    assert 0.02 < len(first) / len(shown.gripper_opening) < 0.3
    assert list(first) != list(second)


def test_a_slow_demonstration_with_pauses_gives_as_many_frames(shown):
    slow = shown[np.repeat(np.arange(len(shown.gripper_opening)), np.random.default_rng(0).integers(1, 30, 1)[0])]
    assert path_length(slow)[-1] == pytest.approx(path_length(shown)[-1])
    counts = [
        np.mean([len(Conditioning().frames(one, np.random.default_rng(seed), NOMINAL)) for seed in range(20)])
        for one in (shown, slow)
    ]
    assert counts[1] == pytest.approx(counts[0], rel=0.15)


def test_snapshots_show_one_more_stacked_pair_each(shown):
    ends = stage_ends(shown, NOMINAL)
    assert list((layout_below(shown.block_positions[ends], NOMINAL) >= 0).sum(-1)) == [1, 2, 3]
    assert list(Conditioning(kind="snapshots").frames(shown, np.random.default_rng(0), NOMINAL)) == list(ends)


def test_final_state_is_the_last_frame(shown):
    frames = Conditioning(kind="final_state").frames(shown, np.random.default_rng(0), NOMINAL)
    assert list(frames) == [len(shown.gripper_opening) - 1]


def test_nonsense_is_refused():
    with pytest.raises(ConfigError, match="dropout"):
        Conditioning(dropout=1.0)
