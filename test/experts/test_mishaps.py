"""A mishap happens once, is what it says, and the expert gets over it."""

from __future__ import annotations

import numpy as np
import pytest

from osil.choices import MishapKind, WorldKind
from osil.core import Action, Observation
from osil.data.kinematic_episodes import scenes
from osil.experts.mishaps import DROP_STEPS, MishapActor
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.rollout import Recorder, rollout
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import Judge
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)

TASK = StackingTask.parse("abc +d")


def run(kind: WorldKind, count: int, mishap: MishapKind) -> tuple[MishapActor, Judge, Observation, Action]:
    """``count`` episodes of the expert, each with a mishap."""
    rng, tasks = np.random.default_rng(0), [TASK] * count
    actor, judge = MishapActor(StackingExpert(tasks, EXPERT), tasks, mishap, rng, EXPERT), Judge(tasks, FETCH)
    recorder = Recorder[Observation, Action]()
    with make_world(kind, FETCH, TASK.num_blocks, rng) as world:
        observation = world.reset(scenes(FETCH.table, count, TASK.num_blocks, rng))
        rollout(world, actor, observation, judge.max_steps, [judge, recorder])
    return actor, judge, *recorder.trajectory()


@pytest.mark.parametrize(("kind", "count"), [("kinematic", 16), ("pybullet", 1)])
@pytest.mark.parametrize("mishap", ["drop", "wrong_block"])
def test_the_expert_gets_over_every_mishap(kind: WorldKind, count: int, mishap: MishapKind) -> None:
    actor, judge, _, _ = run(kind, count, mishap)
    assert actor.happened.all()
    assert judge.succeeded.all()


def test_a_dropped_block_falls_once() -> None:
    _, _, seen, done = run("kinematic", 16, "drop")
    expert = StackingExpert([TASK] * 16, EXPERT)
    differs = np.array(
        [expert.act(one).close_gripper != did for one, did in zip(seen, done.close_gripper, strict=True)]
    )
    assert (differs.sum(0) > 0).all()
    assert (differs.sum(0) <= DROP_STEPS).all()


def test_a_wrong_block_is_lifted() -> None:
    _, _, seen, done = run("kinematic", 16, "wrong_block")
    source, _ = np.stack([StackingExpert([TASK] * 16, EXPERT).attended(one) for one in seen]).swapaxes(0, 1)
    held = (np.abs(seen.block_positions) < 0.015).all(-1) & (seen.gripper_opening < 0.042)[..., None]
    others = np.arange(TASK.num_blocks) != source[..., None]
    assert (held & others & done.close_gripper[..., None]).any((0, 2)).all()
