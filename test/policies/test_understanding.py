"""A policy says which stages it sees in a demonstration, by its attention."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from osil.data.kinematic_episodes import collect
from osil.errors import ConfigError, DemonstrationError
from osil.policies.stacking import StackingPolicy
from osil.policies.understanding import UnderstoodStage, check_sure, stages
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask


def attention(blocks: list[int], sure: float = 0.8) -> np.ndarray:
    """``[T, 4]`` attention to one block after another."""
    return np.where(np.eye(4)[blocks] > 0, sure, (1.0 - sure) / 3)


def test_stages_are_told_from_attention_and_moments_in_between_are_left_out() -> None:
    source, target = attention([0] * 5 + [3] + [2] * 4), attention([1] * 5 + [0] + [3] * 4, sure=0.5)
    found = stages(source, target, range(0, 22, 2))
    assert [(one.source, one.target, one.begin, one.end) for one in found] == [(0, 1, 0, 10), (2, 3, 12, 20)]
    assert [one.confidence for one in found] == pytest.approx([0.4, 0.4])


def test_a_stage_that_is_interrupted_for_a_moment_is_one_stage() -> None:
    source = attention([0] * 4 + [1] + [0] * 4)
    (found,) = stages(source, attention([2] * 9), range(10))
    assert found == UnderstoodStage(0, 2, 0, 9, found.confidence)


def test_who_is_not_sure_enough_says_so() -> None:
    sure, unsure = UnderstoodStage(0, 1, 0, 9, 0.8), UnderstoodStage(2, 0, 12, 20, 0.4)
    check_sure([sure, unsure], 0.4)
    with pytest.raises(DemonstrationError, match="40% sure that block 2 is put on block 0 in steps 12 to 20"):
        check_sure([sure, unsure], 0.5)
    with pytest.raises(DemonstrationError, match="no stage"):
        check_sure([], 0.5)


@pytest.mark.parametrize("text", ["ab +c", "ab cd", "dcba +e"])
def test_the_released_policy_understands_what_is_shown(text: str) -> None:
    policy, task, robot = StackingPolicy.load("stacking"), StackingTask.parse(text), load_robot("fetch")
    with pytest.raises(ConfigError, match="call reset"):
        _ = policy.understood
    shown = collect([task], np.random.default_rng(3), robot).demonstration(0)
    policy.reset(shown)
    understood = policy.understood
    assert [(one.source, one.target) for one in understood] == list(task.stages)
    assert all(one.begin < one.end <= len(shown) and one.confidence > 0.5 for one in understood)
    assert all(one.end <= after.begin for one, after in itertools.pairwise(understood))
    policy.reset_batch([shown, shown], [0, 1])
    with pytest.raises(ConfigError, match="of one demonstration"):
        _ = policy.understood
