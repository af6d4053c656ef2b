"""A wrapper that changes nothing is not noticed."""

from __future__ import annotations

import numpy as np

from osil.core import Action
from osil.data.kinematic_episodes import scenes
from osil.robots.robot import load_robot
from osil.tasks.blocks import Blocks
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.stacking_world import StackingWorld, WorldWrapper

FETCH = load_robot("fetch")

BLOCKS = Blocks(0.03)


def history(world: StackingWorld) -> list[np.ndarray]:
    """All that can be seen of a world in which the gripper moves and a block is moved."""
    assert (world.robot, world.blocks) == (FETCH, BLOCKS)
    scene = scenes(FETCH.table, 2, 3, np.random.default_rng(1), BLOCKS)
    seen, rng = [world.reset(scene)], np.random.default_rng(2)
    for step in range(10):
        seen.append(world.step(Action(rng.normal(0.0, 0.01, (2, 3)), rng.random(2) < 0.5, rng.normal(0.0, 0.1, 2))))
        if step == 5:
            world.move_block(1, 2, np.array([0.7, 0.0, FETCH.table.height + BLOCKS.half]))
            seen.append(world.observe())
    return [array for one in [*seen, world.scene] for array in vars(one).values()]


def test_everything_is_passed_on() -> None:
    plain = history(KinematicWorld(np.random.default_rng(0), FETCH, BLOCKS))
    wrapped = history(WorldWrapper(KinematicWorld(np.random.default_rng(0), FETCH, BLOCKS)))
    for one, other in zip(plain, wrapped, strict=True):
        np.testing.assert_array_equal(one, other)
