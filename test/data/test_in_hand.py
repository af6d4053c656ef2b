"""Episodes that begin with a block in the fingers begin so as a hand can hold one."""

from __future__ import annotations

import numpy as np

from osil.data.in_hand import CLEAR, begin_in_hand
from osil.data.kinematic_episodes import collect, scenes
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL, in_fingers
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch").at_table("any")
COUNT, BLOCKS = 60, 5


def test_some_block_is_held_and_runs_into_no_other() -> None:
    rng = np.random.default_rng(0)
    world = KinematicWorld(rng, FETCH)
    world.reset(scenes(FETCH.table, COUNT, BLOCKS, rng))
    rows = np.arange(0, COUNT, 2)
    seen, scene, held = begin_in_hand(world, rows, rng), world.scene, world.hand.held
    assert (held[1::2] == -1).all()
    assert set(held[rows]) == set(range(BLOCKS))
    assert in_fingers(seen, NOMINAL)[rows, held[rows]].all()
    for row in rows:
        block, others = held[row], np.arange(BLOCKS) != held[row]
        place = scene.block_positions[row, block]
        assert FETCH.table.contains(place)
        assert place[2] >= FETCH.table.height + NOMINAL.half - 1e-9
        distance = scene.block_positions[row, others] - place
        beside = np.hypot(distance[:, 0], distance[:, 1]) < CLEAR
        assert (place[2] - scene.block_positions[row, others, 2][beside] >= NOMINAL.size - 1e-9).all()


def test_a_block_under_others_is_not_taken() -> None:
    rng = np.random.default_rng(1)
    world = KinematicWorld(rng, FETCH)
    scene = scenes(FETCH.table, COUNT, 3, rng)
    scene.block_positions[:, 0] = scene.block_positions[:, 1] + [0.0, 0.0, NOMINAL.size]
    world.reset(scene)
    begin_in_hand(world, np.arange(COUNT), rng)
    assert set(world.hand.held) == {0, 2}


def test_the_expert_goes_on_from_there() -> None:
    tasks = [StackingTask.parse("ab +c +d")] * 40
    episodes = collect(tasks, np.random.default_rng(2), FETCH, in_hand=1.0, delayed=0.25)
    begun = in_fingers(episodes.observations[0], NOMINAL).any(-1)
    assert 20 < begun.sum() < 40  # those in which actions act late begin with open fingers
    assert episodes.success.all()
