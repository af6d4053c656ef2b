"""A hand that stands still with work left is noticed, and one that works or is done is not."""

import numpy as np
import pytest

from osil.core import Action, Observation
from osil.evaluation.episodes import Case, EpisodeResult, run_batch
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.evaluation.report import breakdown, table
from osil.evaluation.stood_still import STILL
from osil.experts.stacking import StackingExpert
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions
from osil.worlds.judge import Outcome
from osil.worlds.tracker import TrackerConfig

TASK = StackingTask.parse("abc +d")


class Pausing:
    """Does the task, but stands still for some control steps on its way."""

    def __init__(self, pause: int) -> None:
        self._pause = pause

    def reset_batch(self, prompts, seeds) -> None:
        config = EvaluationConfig("kinematic").expert
        self._expert, self._steps = StackingExpert([TASK] * len(prompts), config), 0

    def act(self, observation: Observation) -> Action:
        self._steps += 1
        action = self._expert.act(observation)
        if not 30 <= self._steps < 30 + self._pause:
            return action
        still = np.zeros_like(action.yaw_step)
        return Action(np.zeros_like(action.displacement), action.close_gripper, still)


def run(config: EvaluationConfig, pause: int, count: int = 4) -> list[EpisodeResult]:
    return run_batch(config, Pausing(pause), [Case(TASK, number, 0) for number in range(count)])


@pytest.mark.parametrize(("pause", "expected"), [(0, False), (20, False), (50, True)])
def test_only_a_long_pause_counts(pause: int, expected: bool) -> None:
    episodes = run(EvaluationConfig("kinematic"), pause)
    assert {(one.outcome, one.stood_still) for one in episodes} == {(Outcome.SUCCESS, expected)}
    stood = breakdown(episodes)["all"]["stood_still"]
    assert (stood["episodes"], stood["stood"]) == (4, 4 * expected)
    assert f"stood still for {STILL:g} s with work left in {4 * expected} of 4 episodes" in table(breakdown(episodes))


def test_a_noisy_slow_tracker_does_not_hide_it() -> None:
    tracked = Conditions(tracker=TrackerConfig(0.002, 10.0, 0.15))
    for pause, expected in ((0, False), (60, True)):
        (episode,) = run(EvaluationConfig("pybullet", conditions=tracked), pause, count=1)
        assert episode.stood_still == expected
