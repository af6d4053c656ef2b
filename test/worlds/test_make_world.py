"""Both worlds have the same face, and a single world is seen as a batch of one."""

from __future__ import annotations

import numpy as np
import pybullet
import pytest

from osil.core import Action
from osil.data.kinematic_episodes import scenes
from osil.errors import ConfigError
from osil.robots.robot import load_robot
from osil.tasks.blocks import LARGEST, NOMINAL, SMALLEST
from osil.worlds.conditions import Conditions
from osil.worlds.make_world import BATCH_SIZE, BatchOfOne, WorldKind, make_world
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")

KINDS = tuple(BATCH_SIZE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_array_leads_with_the_worlds(kind: WorldKind) -> None:
    count, rng = BATCH_SIZE[kind], np.random.default_rng(0)
    with make_world(kind, FETCH, 3, rng) as world:
        world.reset(scenes(FETCH.table, count, 3, rng))
        seen = world.step(Action(np.zeros((count, 3)), np.zeros(count, dtype=bool)))
        assert world.scene.block_positions.shape == seen.block_positions.shape == (count, 3, 3)
        assert world.scene.block_yaws.shape == seen.block_yaws.shape == (count, 3)
        assert seen.gripper_opening.shape == (count,)
        place = np.array([0.65, 0.1, FETCH.table.height + NOMINAL.half])
        world.move_block(count - 1, 1, place)
        np.testing.assert_allclose(world.scene.block_positions[-1, 1], place)
        assert (world.robot, world.blocks) == (FETCH, NOMINAL)


def test_a_batch_of_one_is_the_world_in_it() -> None:
    scene = FETCH.table.random_scene(2, np.random.default_rng(0))
    alone, inner = PyBulletWorld(FETCH, 2), PyBulletWorld(FETCH, 2)
    batch, action = BatchOfOne(inner), Action(np.array([0.01, 0.0, -0.01]), np.array(True), np.array(0.05))
    for one, other in ((alone.reset(scene), batch.reset(scene[None])), (alone.step(action), batch.step(action[None]))):
        for name, array in vars(one).items():
            np.testing.assert_allclose(getattr(other, name), array[None], atol=1e-9)
    np.testing.assert_allclose(batch.scene.block_positions, alone.scene.block_positions[None], atol=1e-9)
    alone.close()
    inner.close()


def test_the_kinematic_world_refuses_conditions_that_it_does_not_have() -> None:
    with (
        pytest.raises(ConfigError, match="pybullet"),
        make_world("kinematic", FETCH, 2, np.random.default_rng(0), Conditions(mass=1.1)),
    ):
        pass


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [SMALLEST, NOMINAL.size, LARGEST])
def test_blocks_are_as_large_as_the_conditions_say_and_the_hand_as_open_as_the_robots(
    kind: WorldKind, size: float
) -> None:
    conditions, rng = Conditions(size=size / NOMINAL.size), np.random.default_rng(0)
    robot = FETCH.opened_for(conditions.blocks)
    with make_world(kind, robot, 2, rng, conditions) as world:
        seen = world.reset(scenes(FETCH.table, 1, 2, rng, conditions.blocks))
        assert world.blocks == conditions.blocks
        assert seen.gripper_opening[0] == pytest.approx(robot.gripper.opening, abs=5e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hand_that_is_too_narrow_for_the_blocks_says_so(kind: WorldKind) -> None:
    large = Conditions(size=LARGEST / NOMINAL.size)
    with (
        pytest.raises(ConfigError, match="too narrow for blocks of 60 mm"),
        make_world(kind, FETCH, 2, np.random.default_rng(0), large),
    ):
        pass


def clients() -> list[int]:
    """PyBullet's, in this process."""
    return [client for client in range(1024) if pybullet.isConnected(client)]


def test_the_physics_end_with_the_world() -> None:
    before = clients()
    with make_world("pybullet", FETCH, 2, np.random.default_rng(0)):
        assert len(clients()) == len(before) + 1
    assert clients() == before
    with pytest.raises(ZeroDivisionError), make_world("pybullet", FETCH, 2, np.random.default_rng(0)):
        _ = 1 / 0
    assert clients() == before
