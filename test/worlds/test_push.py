"""A push moves one free block, once, to a free place."""

from __future__ import annotations

import numpy as np
import pytest

from osil.choices import WorldKind
from osil.data.kinematic_episodes import scenes
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below, layout_reached, stages_done
from osil.tasks.blocks import NOMINAL
from osil.worlds.make_world import make_world
from osil.worlds.push import PushedWorld

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)


@pytest.mark.parametrize(("kind", "count"), [("kinematic", 16), ("pybullet", 1)])
def test_one_free_block_is_pushed_between_stages_and_the_expert_goes_on(kind: WorldKind, count: int) -> None:
    task, rng, table = StackingTask.parse("abc +d"), np.random.default_rng(0), FETCH.table
    tasks, moved = [task] * count, np.zeros(count, dtype=int)
    with make_world(kind, FETCH, task.num_blocks, rng) as inner:
        world = PushedWorld(inner, tasks, rng, 0.10)
        observation = world.reset(scenes(table, count, task.num_blocks, rng))
        expert = StackingExpert(tasks, EXPERT)
        for _ in range(400):
            before, was = world.scene, world.pushed.copy()
            observation = world.step(expert.act(observation))
            after = world.scene
            for row in np.nonzero(world.pushed & ~was)[0]:
                assert stages_done(task, after[row], NOMINAL) >= 1
                shift = np.hypot(*(after[row].block_positions - before[row].block_positions)[:, :2].T)
                (block,) = np.nonzero(shift > 0.02)[0]
                assert shift[block] <= 0.10 + 0.001
                assert layout_below(before[row].block_positions, NOMINAL)[block] == -1
                assert table.contains(after[row].block_positions[block])
                others = np.delete(after[row].block_positions, block, axis=0) - after[row].block_positions[block]
                assert np.hypot(*others[:, :2].T).min() >= table.spacing - 0.002
                moved[row] += 1
        assert (moved == 1).all()
        assert all(layout_reached(task, world.scene[row], NOMINAL) for row in range(count))
