"""The end that is told from what is seen, beside the judge's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from osil.choices import WorldKind
from osil.core import Action, Observation
from osil.evaluation import seen_end
from osil.evaluation.episodes import Case, EpisodeResult, run_batch
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.evaluation.intervals import wilson
from osil.evaluation.report import breakdown, table
from osil.experts.stacking import StackingExpert
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions
from osil.worlds.judge import Outcome

TASK = StackingTask.parse("abc +d")


class Knowing:
    """Does the task, at a size that it is told."""

    def __init__(self, config: EvaluationConfig, task: StackingTask = TASK) -> None:
        self._setting, self._task = config, task

    def reset_batch(self, prompts: Sequence[Any], seeds: Sequence[int]) -> None:
        self._expert = StackingExpert([self._task] * len(prompts), self._setting.expert)

    def act(self, observation: Observation) -> Action:
        return self._expert.act(observation)


def run(config: EvaluationConfig, count: int, does: StackingTask = TASK) -> list[EpisodeResult]:
    return run_batch(config, Knowing(config, does), [Case(TASK, number, 0) for number in range(count)])


@pytest.mark.parametrize("teacher", ["expert", "human"])
@pytest.mark.parametrize("size", [0.625, 1.0, 1.5])
def test_for_blocks_of_every_size_what_is_seen_agrees_with_what_is_true(size: float, teacher: Any) -> None:
    episodes = run(EvaluationConfig("kinematic", teacher, conditions=Conditions(size=size)), 12)
    assert [one.outcome for one in episodes] == [Outcome.SUCCESS] * 12
    assert all(one.seen_reached for one in episodes)


@pytest.mark.parametrize(("kind", "count"), [("kinematic", 4), ("pybullet", 1)])
def test_another_layout_is_not_taken_for_the_one_shown(kind: WorldKind, count: int) -> None:
    episodes = run(EvaluationConfig(kind), count, does=StackingTask.parse("abd +c"))
    assert {(one.outcome, one.seen_reached, one.agrees) for one in episodes} == {(Outcome.WRONG_MOVE, False, True)}


@pytest.mark.parametrize("size", [0.7, 1.4])
def test_in_contact_physics_small_and_large_blocks_are_stacked_and_seen(size: float) -> None:
    (episode,) = run(EvaluationConfig("pybullet", conditions=Conditions(size=size)), 1)
    assert (episode.outcome, episode.seen_reached) == (Outcome.SUCCESS, True)


def test_the_report_says_how_often_it_agrees() -> None:
    episodes = run(EvaluationConfig("kinematic"), 4)
    wrong, unknown = replace(episodes[0], seen_reached=False), replace(episodes[1], seen_reached=None)
    report = breakdown([wrong, unknown, *episodes[2:]])
    expected = {"episodes": 3, "agreed": 2, "rate": pytest.approx(2 / 3), "wilson_95": list(wilson(2, 3))}
    assert report["all"]["seen_end"] == expected
    assert "in 2 of 3 episodes" in table(report)
    unseen = breakdown(run_batch(EvaluationConfig("kinematic"), None, [Case(TASK, 0, 0)]))
    assert (unseen["all"]["seen_end"]["episodes"], unseen["all"]["seen_end"]["rate"]) == (0, None)
    assert "observations" not in table(unseen)


def test_all_is_as_it_is_without_being_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """An episode is decided as before, whatever is seen after its decision."""
    watched = run(EvaluationConfig("kinematic"), 12)
    monkeypatch.setattr(seen_end, "LAG", 0)
    told = run(EvaluationConfig("kinematic"), 12)
    assert [replace(one, seen_reached=None) for one in told] == [replace(one, seen_reached=None) for one in watched]
