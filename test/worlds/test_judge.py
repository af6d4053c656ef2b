"""The judge: what counts as success, which failures there are, and that a batch is judged as its members are."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Observation, Scene
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL
from osil.worlds.judge import STABLE_STEPS, Judge, Outcome, step_limit

FETCH = load_robot("fetch")

ON_TABLE = 0.40 + 0.5 * NOMINAL.size
TASK = StackingTask.parse("ab cd +e")
OPEN, CLOSED = Action(np.zeros(3), np.array(False)), Action(np.zeros(3), np.array(True))


def scene(*pairs: tuple[int, int]) -> Scene:
    """Five blocks side by side; of each pair the first stands on the second."""
    positions = np.array([[0.6, 0.1 * block - 0.2, ON_TABLE] for block in range(5)])
    for upper, lower in pairs:
        positions[upper] = positions[lower] + (0.0, 0.0, NOMINAL.size)
    return Scene(positions, np.zeros(5))


def see(judge: Judge, what: Scene, action: Action = OPEN, times: int = 1) -> None:
    observation = Observation(what.block_positions, np.zeros(what.block_positions.shape[:-2]))
    for _ in range(times):
        judge.on_step(observation, action, what)


GOAL = scene((0, 1), (2, 3))


def test_layout_must_stand_released_for_half_a_second() -> None:
    judge = Judge(TASK, FETCH)
    see(judge, GOAL, CLOSED, 30)
    see(judge, GOAL, OPEN, STABLE_STEPS - 1)
    assert not judge.done
    see(judge, scene((0, 1)), OPEN)
    see(judge, GOAL, OPEN, STABLE_STEPS - 1)
    assert not judge.done
    see(judge, GOAL, OPEN)
    assert judge.done
    assert judge.outcomes() == [Outcome.SUCCESS]
    assert judge.steps == 30 + STABLE_STEPS + 1, "counted until the layout began to stand"


def test_decision_is_final() -> None:
    judge = Judge(TASK, FETCH)
    see(judge, GOAL, OPEN, STABLE_STEPS)
    see(judge, scene((4, 0)), OPEN, 1000)
    assert (judge.outcomes(), judge.stages_done) == ([Outcome.SUCCESS], 2)


def test_stage_times_are_those_of_the_first_release() -> None:
    judge = Judge(TASK, FETCH)
    see(judge, scene(), CLOSED, 5)
    see(judge, scene((0, 1)), CLOSED, 2)
    see(judge, scene((0, 1)), OPEN, 3)
    see(judge, scene(), OPEN, 4)
    see(judge, GOAL, OPEN, STABLE_STEPS)
    assert judge.stage_steps.tolist() == [8, 15]
    assert judge.in_order


def test_another_order_succeeds_but_is_noted() -> None:
    judge = Judge(TASK, FETCH)
    see(judge, scene((2, 3)))
    see(judge, GOAL, OPEN, STABLE_STEPS)
    assert judge.outcomes() == [Outcome.SUCCESS]
    assert not judge.in_order


@pytest.mark.parametrize(
    ("final", "outcome"),
    [
        (scene(), Outcome.RECOVERABLE),
        (scene((0, 1)), Outcome.RECOVERABLE),
        (scene((0, 1), (3, 2)), Outcome.WRONG_MOVE),
        (scene((0, 1), (2, 3), (4, 0)), Outcome.WRONG_MOVE),
    ],
)
def test_failures_out_of_time(final: Scene, outcome: Outcome) -> None:
    judge = Judge(TASK, FETCH)
    see(judge, final, OPEN, step_limit(TASK) - 1)
    assert not judge.done
    see(judge, final)
    assert judge.done
    assert judge.outcomes() == [outcome]


@pytest.mark.parametrize("place", [(0.6, 0.7, 0.02), (0.80, 0.0, ON_TABLE), (0.20, 0.0, ON_TABLE)])
def test_losing_a_needed_block_ends_the_episode(place: tuple[float, float, float]) -> None:
    for block, outcome in ((1, Outcome.MANIPULATION), (4, Outcome.SUCCESS)):
        judge, lost = Judge(TASK, FETCH), scene((0, 1), (2, 3))
        lost.block_positions[block] = place
        if block == 1:
            see(judge, lost)
        else:
            see(judge, lost, OPEN, STABLE_STEPS)
        assert judge.done
        assert judge.outcomes() == [outcome]


def test_a_batch_is_judged_as_its_members() -> None:
    """Random histories, tasks of different stage counts."""
    rng = np.random.default_rng(0)
    tasks = [StackingTask.parse(text) for text in ("ab cd +e", "abcde", "ab +c +d +e", "ea +b +c +d")]
    frames = [scene(), scene((0, 1)), GOAL, scene((4, 0)), scene((3, 4), (2, 3), (1, 2), (0, 1)), scene((0, 4))]
    frames.append(Scene(np.add(scene().block_positions, (1.0, 0.0, 0.0)), np.zeros(5)))
    together, alone = Judge(tasks, FETCH), [Judge(task, FETCH) for task in tasks]
    current = rng.integers(len(frames) - 1, size=len(tasks))
    while not together.done:
        change = rng.random(len(tasks)) < 0.05
        odds = np.array([6, 6, 6, 6, 6, 6, 0.03])
        current = np.where(change, rng.choice(len(frames), len(tasks), p=odds / odds.sum()), current)
        seen = [frames[index] for index in current]
        close = rng.random(len(tasks)) < 0.02
        batch = Scene.stack(seen)
        see(together, batch, Action(np.zeros((len(tasks), 3)), close))
        for judge, frame, closed in zip(alone, seen, close, strict=True):
            see(judge, frame, CLOSED if closed else OPEN)
    assert together.outcomes() == [judge.outcomes()[0] for judge in alone]
    assert together.steps.tolist() == [int(judge.steps) for judge in alone]
    assert together.in_order.tolist() == [bool(judge.in_order) for judge in alone]
    for row, judge, task in zip(together.stage_steps, alone, tasks, strict=True):
        assert row[: task.num_stages].tolist() == judge.stage_steps.tolist()
