"""Opens the block-stacking worlds by name, all behind the same batched face."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from osil.choices import WorldKind
from osil.core import Action, FloatArray, Observation, Scene
from osil.robots.robot import Robot
from osil.seeds import Streams
from osil.worlds.conditions import Conditions
from osil.worlds.gated import GatedWorld
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.latency import LateWorld
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.stacking_world import StackingWorld

BATCH_SIZE: dict[WorldKind, int] = {"kinematic": 32, "pybullet": 1}
"""Episodes that run side by side in one world."""


class BatchOfOne:
    """A single world seen as a batch: its observations, actions and scenes have a leading dimension ``[1]``."""

    def __init__(self, world: PyBulletWorld) -> None:
        self._world = world
        self.robot, self.blocks = world.robot, world.blocks

    def reset(self, scene: Scene) -> Observation:
        return self._world.reset(scene[0])[None]

    def step(self, action: Action) -> Observation:
        return self._world.step(action[0])[None]

    def observe(self) -> Observation:
        return self._world.observe()[None]

    def move_block(self, row: int, block: int, position: FloatArray) -> None:
        self._world.move_block(block, position)

    @property
    def scene(self) -> Scene:
        return self._world.scene[None]


@contextmanager
def make_world(
    kind: WorldKind,
    robot: Robot,
    num_blocks: int,
    rng: np.random.Generator | Streams,
    conditions: Conditions | None = None,
) -> Iterator[StackingWorld]:
    """A world of ``num_blocks`` blocks whose leading dimension is ``[N]``, N at most ``BATCH_SIZE[kind]``.

    ``rng`` is what the world draws from: one for all, or a stream for each of the N.

    Raises:
        ConfigError: conditions other than a size of the blocks in the kinematic world, which has no physics; a hand
            that is too narrow for the blocks.
    """
    conditions = conditions or Conditions()
    conditions.check_world(kind)
    if kind == "kinematic":
        yield KinematicWorld(rng, robot, conditions.blocks)
    else:
        own = Streams.of(rng, 1)[0]
        slow, how = conditions.max_speed, (robot, num_blocks, own, conditions.physics(), conditions.tracker)
        world = PyBulletWorld(*how) if slow is None else GatedWorld(slow, *how)
        try:
            yield LateWorld(BatchOfOne(world), np.array([conditions.latency]))
        finally:
            world.close()
