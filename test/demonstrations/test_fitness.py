"""Demonstrations that cannot be imitated are refused by name, and good ones are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.data.kinematic_episodes import collect
from osil.data.teachers import make_teacher
from osil.demonstrations.fitness import check_fit
from osil.errors import DemonstrationError
from osil.experts.stacking import ExpertConfig
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask

FETCH = load_robot("fetch")

Shown = Demonstration[Observation, Action]


def shown(task: str, count: int = 1, human: bool = False, seed: int = 0) -> list[Shown]:
    rng, tasks = np.random.default_rng(seed), [StackingTask.parse(task)] * count
    teacher = make_teacher("human", tasks, rng, ExpertConfig(FETCH.gripper)) if human else None
    episodes = collect(tasks, rng, FETCH.at_table("any"), teacher=teacher)
    return [episodes.demonstration(index) for index in np.nonzero(episodes.success)[0]]


@pytest.fixture(scope="module")
def good() -> Shown:
    return shown("ab +c")[0]


@pytest.mark.parametrize("human", [False, True])
def test_good_demonstrations_are_taken(human: bool) -> None:
    for task in ("ab", "ab cd +e", "abcdef"):
        for one in shown(task, 40, human):
            check_fit(one)


def held(one: Shown) -> np.ndarray:
    """Steps in which a block is carried."""
    return np.nonzero(one.observations.gripper_opening < 0.0425)[0]


def test_a_demonstration_that_ends_while_a_block_is_carried(good: Shown) -> None:
    with pytest.raises(DemonstrationError, match="ends with closed fingers"):
        check_fit(good[: int(held(good)[-1])])


def test_blocks_that_are_only_moved_elsewhere(good: Shown) -> None:
    with pytest.raises(DemonstrationError, match="no block stands on another"):
        check_fit(without(good, 1))


def without(one: Shown, block: int) -> Shown:
    """The same with a block taken away: what is put upon it is put nowhere."""
    seen = one.observations
    rest = Observation(
        np.delete(seen.block_positions, block, 1), seen.gripper_opening, np.delete(seen.block_yaws, block, 1)
    )
    return Demonstration(rest, one.actions)


def test_unstacking(good: Shown) -> None:
    """The film run backwards, with fingers that are open at the end."""
    with pytest.raises(DemonstrationError, match="no block stands on another"):
        check_fit(good[::-1])


def test_what_stood_there_before_does_not_count(good: Shown) -> None:
    a, b, c = np.moveaxis(good.observations.block_positions, 1, 0)
    let_go = (np.arange(len(a)) > held(good)[-1])[:, None]
    carried = a - np.where(let_go, (0.2, 0.0, 0.0), 0.0)
    positions = np.stack([carried, np.add(c, (0.4, 0.0, 0.0)), b, np.add(b, (0.0, 0.0, 0.04))], axis=1)
    seen = replace(good.observations, block_positions=positions, block_yaws=np.zeros(positions.shape[:2]))
    with pytest.raises(DemonstrationError, match="no block is put on another"):
        check_fit(Demonstration(seen, good.actions))


@pytest.mark.parametrize("task", ["ab", "ab +c", "abc", "ab cd ef"])
def test_a_tracker_that_takes_blocks_for_one_another(task: str) -> None:
    one = shown(task)[0]
    seen, count = one.observations, one.observations.num_blocks
    for names in {(1, 0), (count - 1, 0), (1, count - 1)} - {(1, 1)}:
        order = np.arange(count)
        order[list(names)] = order[list(names[::-1])]
        middle = len(one) // 2
        positions = np.concatenate([seen.block_positions[:middle], seen.block_positions[middle:, order]])
        yaws = np.concatenate([seen.block_yaws[:middle], seen.block_yaws[middle:, order]])
        with pytest.raises(DemonstrationError, match="took them for one another"):
            check_fit(Demonstration(replace(seen, block_positions=positions, block_yaws=yaws), one.actions))


def test_a_block_that_was_not_seen_for_a_second_is_no_mistake(good: Shown) -> None:
    positions, since = good.observations.block_positions.copy(), held(good)[3]
    hidden = slice(since, since + 20)
    positions[hidden, 0] = positions[since, 0] + positions[hidden, 1] - positions[since, 1]
    check_fit(Demonstration(replace(good.observations, block_positions=positions), good.actions))


def test_the_opening_of_one_finger(good: Shown) -> None:
    half = replace(good.observations, gripper_opening=0.5 * good.observations.gripper_opening)
    with pytest.raises(DemonstrationError, match="that of one finger"):
        check_fit(Demonstration(half, good.actions))


def test_ten_steps_a_second_will_do(good: Shown) -> None:
    check_fit(good[::2])
