"""A push moves one free block, once, to a free place."""

from __future__ import annotations

import numpy as np
import pytest

from osil.choices import WorldKind
from osil.data.kinematic_episodes import scenes
from osil.errors import ConfigError
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_below, layout_reached, stages_done
from osil.tasks.blocks import NOMINAL, Blocks
from osil.worlds.bullet_scene import Physics
from osil.worlds.conditions import Conditions
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.make_world import make_world
from osil.worlds.push import PushedWorld
from osil.worlds.pybullet import PyBulletWorld, TrackerNoise

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


def test_conditions_reach_the_physics_and_the_kinematic_world_refuses_them() -> None:
    physics = Conditions(friction=1.1, mass=0.9, size=1.1).physics()
    assert (physics.block_friction, physics.block_mass, physics.blocks.size) == pytest.approx((0.77, 0.045, 0.044))
    assert Conditions(noise=0.002).tracker_noise() == TrackerNoise(0.002, 0.02)
    with (
        pytest.raises(ConfigError, match="pybullet"),
        make_world("kinematic", FETCH, 2, np.random.default_rng(0), Conditions(mass=1.1)),
    ):
        pass
    with pytest.raises(ConfigError, match="factors"):
        Conditions(mass=0.0)
    with pytest.raises(ConfigError, match="edge length"):
        Conditions(size=1.6)


@pytest.mark.parametrize("size", [0.625, 1.0, 1.5])
@pytest.mark.parametrize("kind", ["kinematic", "pybullet"])
def test_the_hand_opens_as_wide_as_larger_blocks_need_it(kind: WorldKind, size: float) -> None:
    conditions, rng = Conditions(size=size), np.random.default_rng(0)
    with make_world(kind, FETCH, 2, rng, conditions) as world:
        seen = world.reset(scenes(FETCH.table, 1, 2, rng, conditions.blocks))
        assert world.blocks == conditions.blocks
        assert seen.gripper_opening[0] == pytest.approx(max(0.066, conditions.blocks.size + 0.022), abs=5e-4)


def test_a_hand_that_is_too_narrow_for_the_blocks_says_so() -> None:
    large = Blocks(0.06)
    with pytest.raises(ConfigError, match="too narrow for blocks of 60 mm"):
        PyBulletWorld(FETCH, 2, physics=Physics(blocks=large))
    with pytest.raises(ConfigError, match="too narrow for blocks of 60 mm"):
        KinematicWorld(np.random.default_rng(0), FETCH, blocks=large)
