"""The human-like teacher: slow, uneven, fallible, and in the end successful."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osil.data.demonstrate import demonstrate
from osil.data.kinematic_episodes import scenes
from osil.data.teachers import make_teacher
from osil.experts.human import HumanLikeConfig, HumanLikeExpert
from osil.experts.stacking import ExpertConfig
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)

TASK = StackingTask.parse("ab +c")
STEADY = HumanLikeConfig(tremor=0.0, tremor_yaw=0.0, pause_rate=0.0, detour_rate=0.0, miss=0.0)


def show(teacher_seed: int, count: int = 24):
    rng = np.random.default_rng(0)
    scene = scenes(FETCH.table, count, TASK.num_blocks, rng)
    tasks = [TASK] * count
    world = KinematicWorld(np.random.default_rng(1), FETCH)
    teacher = make_teacher("human", tasks, np.random.default_rng(teacher_seed), EXPERT)
    return teacher, *demonstrate(world, tasks, scene, teacher), demonstrate(world, tasks, scene)[0]


def test_people_succeed_and_take_a_few_times_as_long_as_the_expert():
    teacher, shown, succeeded, by_expert = show(0)
    assert succeeded.all()
    ratios = np.array([len(one) / len(other) for one, other in zip(shown, by_expert, strict=True)])
    assert 3.0 < np.median(ratios) < 6.0
    assert np.ptp(ratios) > 1.0
    assert teacher.actor.misses.sum() > 0
    for one, rest in zip(shown, teacher.steps_after, strict=True):
        assert layout_below(one.observations.block_positions[-rest:], NOMINAL).tolist() == [[1, -1, -1]] * rest


def test_everything_random_comes_from_the_generator():
    first, again, other = show(3, 2)[1], show(3, 2)[1], show(4, 2)[1]
    np.testing.assert_array_equal(first[0].actions.displacement, again[0].actions.displacement)
    assert len(first[0]) != len(other[0]) or (first[0].actions.displacement != other[0].actions.displacement).any()


def test_a_missed_grasp_is_tried_again():
    rng = np.random.default_rng(5)
    clumsy = replace(STEADY, miss=0.6)
    tasks = [TASK] * 16
    world = KinematicWorld(rng, FETCH)
    observation = world.reset(scenes(FETCH.table, 16, TASK.num_blocks, rng))
    teacher = HumanLikeExpert(tasks, rng, EXPERT, clumsy)
    empty = np.zeros(16, dtype=bool)
    for _ in range(1200):
        empty |= observation.gripper_opening < 0.03  # no block between the fingers is that narrow
        observation = world.step(teacher.act(observation))
    assert teacher.misses.sum() > 5
    np.testing.assert_array_equal(empty, teacher.misses > 0)
    assert (layout_below(world.scene.block_positions, NOMINAL) == TASK.below).all()


def test_a_resting_hand_trembles_but_does_not_drift():
    config = replace(HumanLikeConfig(), idle_before=(60.0, 60.0))
    rng = np.random.default_rng(6)
    world = KinematicWorld(rng, FETCH)
    observation = world.reset(scenes(FETCH.table, 8, 3, rng))
    teacher = HumanLikeExpert([TASK] * 8, rng, EXPERT, config)
    seen = []
    for _ in range(1000):
        seen.append(observation.block_positions[:, 0])
        observation = world.step(teacher.act(observation))
    hand = np.array(seen) - seen[0]
    assert 0.5 * config.tremor < hand[500:].std(0).mean() < 3.0 * config.tremor
    assert np.abs(hand).max() < 0.015
    steps = np.abs(np.diff(hand, axis=0)).mean()
    assert steps < 0.5 * config.tremor  # smooth: much smaller from one step to the next than over time


@pytest.mark.parametrize("seed", [0, 1])
def test_people_succeed_in_contact_physics_too(seed):
    rng = np.random.default_rng(seed)
    with make_world("pybullet", FETCH, TASK.num_blocks, rng) as world:
        scene = scenes(FETCH.table, 1, TASK.num_blocks, rng)
        (shown,), succeeded = demonstrate(world, [TASK], scene, make_teacher("human", [TASK], rng, EXPERT))
    assert succeeded.all()
    assert len(shown) > 150


def test_a_single_world_needs_no_batch():
    rng = np.random.default_rng(7)
    observation = KinematicWorld(rng, FETCH).reset(scenes(FETCH.table, 1, 3, rng))
    action = HumanLikeExpert(TASK, rng, EXPERT).act(observation[0])
    assert action.displacement.shape == (3,)
