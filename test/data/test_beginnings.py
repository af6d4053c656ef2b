"""Episodes begin with blocks close together, and the expert finds its way out of that."""

from __future__ import annotations

import numpy as np

from osil.data.beginnings import CLOSE, begin_beside
from osil.data.kinematic_episodes import collect, scenes
from osil.robots.robot import load_robot
from osil.tasks.arrangements import put_up
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL
from osil.tasks.splits import load_tasks
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch").at_table("any")
COUNT = 60


def test_a_loose_block_lies_close_beside_another_one_and_mostly_beside_a_tower() -> None:
    rng = np.random.default_rng(0)
    before = scenes(FETCH.table, COUNT, 6, rng)
    for world in range(COUNT):
        put_up(before[world], [(1, 0), (2, 1), (3, 2)], rng)
    after = before.map(np.copy)
    begin_beside(after, [StackingTask.parse("dcba +e +f")] * COUNT, 1.0, FETCH.table, rng)
    moved = (after.block_positions != before.block_positions).any(-1)
    assert (moved.sum(-1) <= 1).all()
    assert not moved[:, :4].any(), "what a tower is made of stays"
    worlds, blocks = np.nonzero(moved)
    assert len(worlds) > 0.9 * COUNT
    places = after.block_positions[worlds, blocks]
    assert all(FETCH.table.contains(place) for place in places)
    distances = np.hypot(*(after.block_positions[worlds] - places[:, None])[..., :2].T).T
    distances[np.arange(len(worlds)), blocks] = np.inf
    assert (distances.min(-1) < CLOSE + 0.01).all()
    assert distances.min() >= NOMINAL.size
    assert (distances.argmin(-1) < 4).mean() > 0.5


def test_it_is_a_block_that_the_hand_comes_down_on_soon() -> None:
    rng = np.random.default_rng(0)
    before = scenes(FETCH.table, COUNT, 6, rng)
    for world in range(COUNT):
        put_up(before[world], [(1, 0), (2, 1)], rng)
    after = before.map(np.copy)
    begin_beside(after, [StackingTask.parse("cba de +f")] * COUNT, 1.0, FETCH.table, rng)
    moved = (after.block_positions != before.block_positions).any(-1)
    assert moved[:, [3, 4]].any(0).all()
    assert not moved[:, [0, 1, 2, 5]].any()


def test_blocks_beside_one_another_do_not_overlap() -> None:
    """Contact physics would throw them apart."""
    rng = np.random.default_rng(1)
    scene = scenes(FETCH.table, 12, 4, rng)
    begin_beside(scene, [StackingTask.parse("ab +c +d")] * 12, 1.0, FETCH.table, rng)
    for one in scene:
        with make_world("pybullet", FETCH, 4, np.random.default_rng(2)) as world:
            world.reset(one[None])
            assert np.abs(world.scene.block_positions[0] - one.block_positions).max() < 0.002


def test_the_expert_finds_its_way_between_them() -> None:
    tasks = [task for task in load_tasks("train") if task.num_blocks == 6][:60]
    episodes = collect(tasks, np.random.default_rng(3), FETCH, midway=0.5, beside=1.0)
    assert episodes.success.mean() > 0.9
    single = [StackingTask.parse("ab")] * 60
    assert collect(single, np.random.default_rng(4), FETCH, beside=1.0).success.all()
