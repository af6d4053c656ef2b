"""A push moves one free block, once, to a free place."""

from __future__ import annotations

import numpy as np
import pytest

from osil.data.kinematic_episodes import scenes
from osil.errors import ConfigError
from osil.experts.stacking import StackingExpert
from osil.tasks.block_stacking import StackingTask, layout_below, layout_reached, stages_done
from osil.tasks.table import Table
from osil.worlds.conditions import Conditions
from osil.worlds.open_world import WorldKind, open_world
from osil.worlds.push import PushedWorld
from osil.worlds.pybullet import TrackerNoise


@pytest.mark.parametrize(("kind", "count"), [("kinematic", 16), ("pybullet", 1)])
def test_one_free_block_is_pushed_between_stages_and_the_expert_goes_on(kind: WorldKind, count: int) -> None:
    task, rng, table = StackingTask.parse("abc +d"), np.random.default_rng(0), Table()
    tasks, moved = [task] * count, np.zeros(count, dtype=int)
    with open_world(kind, task.num_blocks, rng) as inner:
        world = PushedWorld(inner, tasks, rng, 0.10)
        observation = world.reset(scenes(table, count, task.num_blocks, rng))
        expert = StackingExpert(tasks)
        for _ in range(400):
            before, was = world.scene, world.pushed.copy()
            observation = world.step(expert.act(observation))
            after = world.scene
            for row in np.nonzero(world.pushed & ~was)[0]:
                assert stages_done(task, after[row]) >= 1
                shift = np.hypot(*(after[row].block_positions - before[row].block_positions)[:, :2].T)
                (block,) = np.nonzero(shift > 0.02)[0]
                assert shift[block] <= 0.10 + 0.001
                assert layout_below(before[row].block_positions)[block] == -1
                assert table.contains(after[row].block_positions[block])
                others = np.delete(after[row].block_positions, block, axis=0) - after[row].block_positions[block]
                assert np.hypot(*others[:, :2].T).min() >= table.spacing - 0.002
                moved[row] += 1
        assert (moved == 1).all()
        assert all(layout_reached(task, world.scene[row]) for row in range(count))


def test_conditions_reach_the_physics_and_the_kinematic_world_refuses_them() -> None:
    physics = Conditions(friction=1.1, mass=0.9, size=1.1).physics()
    assert (physics.block_friction, physics.block_mass, physics.block_size) == pytest.approx((0.77, 0.045, 0.044))
    assert Conditions(noise=0.002).tracker_noise() == TrackerNoise(0.002, 0.02)
    with (
        pytest.raises(ConfigError, match="pybullet"),
        open_world("kinematic", 2, np.random.default_rng(0), Conditions(size=1.1)),
    ):
        pass
    with pytest.raises(ConfigError, match="factors"):
        Conditions(mass=0.0)
