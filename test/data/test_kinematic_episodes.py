"""Collected episodes carry the expert's labels, whoever drives."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Observation
from osil.data.kinematic_episodes import STEPS_AFTER, LabelledEpisodes, at_rest, collect
from osil.data.teachers import Teacher
from osil.experts.noise import NoiseConfig
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)
TASKS = [StackingTask.parse(text) for text in ("ab +c", "abc", "ba +c", "cb +a")]


class Idle:
    """Moves nothing."""

    def act(self, observation: Observation) -> Action:
        count = len(observation.gripper_opening)
        return Action(np.zeros((count, 3)), np.zeros(count, dtype=bool))


def check_labels(episodes: LabelledEpisodes) -> None:
    """What was seen is kept in single precision, so a label may differ where the expert just decides otherwise."""
    expert = StackingExpert(TASKS, EXPERT)
    close = [
        np.abs(expert.act(episodes.observations[step]).displacement - episodes.labels[step].displacement).max(-1) < 1e-4
        for step in range(len(episodes.source))
    ]
    assert np.mean(close) > 0.99


def test_the_expert_builds_every_layout_and_rests() -> None:
    episodes = collect(TASKS, np.random.default_rng(0), FETCH, NoiseConfig())
    assert episodes.success.all()
    assert episodes.lengths.max() == len(episodes.source)
    check_labels(episodes)
    for row, task in enumerate(TASKS):
        shown, end = episodes.demonstration(row), episodes.lengths[row] - 1
        np.testing.assert_array_equal(layout_below(shown.observations.block_positions[-1], NOMINAL), task.below)
        resting = at_rest(episodes.labels[:, row], episodes.source[:, row])
        assert resting.argmax() == end - STEPS_AFTER


def test_what_another_one_does_is_labelled_by_the_expert() -> None:
    idle = Teacher(Idle(), np.zeros(4), 1.0)
    episodes = collect(TASKS, np.random.default_rng(0), FETCH, teacher=idle, max_steps=30)
    assert (episodes.lengths == 30).all()
    assert not episodes.success.any()
    check_labels(episodes)
    still = episodes.observations.block_positions
    np.testing.assert_allclose(still, np.broadcast_to(still[0], still.shape), atol=1e-6)


@pytest.mark.parametrize("delayed", [0.0, 1.0])
def test_actions_act_late_where_they_shall(delayed: float) -> None:
    episodes = collect(TASKS, np.random.default_rng(0), FETCH, delayed=delayed, max_steps=10)
    first, second = episodes.observations.block_positions[:2]
    assert (np.abs(second - first).max(axis=(1, 2)) < 1e-6).all() == bool(delayed)
