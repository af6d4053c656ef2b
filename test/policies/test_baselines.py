"""Policies without a network keep to what every policy promises, and succeed and fail where they should."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from osil.choices import BaselineKind, names
from osil.core import Observation
from osil.data.kinematic_episodes import collect
from osil.errors import DemonstrationError, ObservationError
from osil.evaluation.episodes import Case, run_batch
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.policies.baselines import BaselinePolicy
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import Outcome

FETCH = load_robot("fetch")
TASKS = [StackingTask.parse(text) for text in ("ab cd +e", "abcde")]
KINDS = names(BaselineKind)

CASES = [Case(task, number, 0) for task in TASKS for number in range(4)]


def judge(kind: BaselineKind, config: EvaluationConfig, cases: list[Case]) -> Counter[Outcome]:
    return Counter(result.outcome for result in run_batch(config, BaselinePolicy(kind, FETCH.gripper), cases))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_shown_is_built_in_another_scene(kind: BaselineKind) -> None:
    assert judge(kind, EvaluationConfig("kinematic"), CASES) == {Outcome.SUCCESS: 8}
    assert judge(kind, EvaluationConfig("pybullet"), CASES[:1]) == {Outcome.SUCCESS: 1}


def test_a_dropped_block_is_lost_to_a_path_that_is_gone_open_loop() -> None:
    dropped = EvaluationConfig("kinematic", mishap="drop")
    assert judge("layout", dropped, CASES) == {Outcome.SUCCESS: 8}
    assert judge("replay", dropped, CASES)[Outcome.SUCCESS] <= 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_goes_alone_as_it_goes_beside_others(kind: BaselineKind) -> None:
    shown = [collect([task], np.random.default_rng(1), FETCH).demonstration(0) for task in TASKS]
    starts = Observation.stack([one.observations[0] for one in reversed(shown)])
    policy = BaselinePolicy(kind, FETCH.gripper)
    policy.reset_batch(shown, [0, 0])
    both = policy.act(starts)
    for row, one in enumerate(shown):
        policy.reset(one)
        alone = policy.act(starts[row])
        np.testing.assert_array_equal(alone.displacement, both.displacement[row])
        np.testing.assert_array_equal(alone.close_gripper, both.close_gripper[row])


@pytest.mark.parametrize("kind", KINDS)
def test_what_makes_no_sense_is_refused(kind: BaselineKind) -> None:
    policy = BaselinePolicy(kind, FETCH.gripper)
    shown = collect(TASKS[:1], np.random.default_rng(1), FETCH).demonstration(0)
    with pytest.raises(ObservationError, match="call reset first"):
        policy.act(shown.observations[0])
    with pytest.raises(DemonstrationError, match="exactly 1"):
        policy.reset([shown, shown])
    with pytest.raises(DemonstrationError):
        policy.reset(shown[:10])
