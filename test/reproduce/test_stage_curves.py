"""Stages that are judged one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.reproduce.stage_curves import stage_success
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL

FETCH = load_robot("fetch")

TASKS = [StackingTask.parse(text) for text in ("abc +d", "abcd", "cba +d")]


class Expert:
    """Does what its demonstrations end with, or stands still; notes what stands at the start."""

    def __init__(self, idle: bool = False) -> None:
        self._idle = idle
        self.begun: list[int] = []

    def reset_batch(self, shown: list[Demonstration[Observation, Action]], seeds: list[int]) -> None:
        self._wanted = [layout_below(one.observations[-1].block_positions, NOMINAL) for one in shown]
        self._expert = StackingExpert(TASKS, ExpertConfig(FETCH.gripper))
        np.testing.assert_array_equal(self._wanted, [task.below for task in TASKS])
        self._begins = True

    def act(self, observation: Observation) -> Action:
        if self._begins:
            self.begun = (layout_below(observation.block_positions, NOMINAL) >= 0).sum(-1).tolist()
            self._begins = False
        action = self._expert.act(observation)
        return action.map(np.zeros_like) if self._idle else action


@pytest.mark.parametrize("stage", [0, 1])
def test_an_episode_begins_with_the_stages_before_and_ends_with_one_more(stage: int) -> None:
    expert = Expert()
    assert stage_success(expert, TASKS, stage, np.random.default_rng(0), FETCH) == (3, 3)
    assert expert.begun == [stage] * 3


def test_who_does_nothing_succeeds_in_no_stage() -> None:
    assert stage_success(Expert(idle=True), TASKS, 1, np.random.default_rng(0), FETCH) == (0, 3)
