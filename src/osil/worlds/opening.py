"""Opens the block-stacking worlds by name, all behind the same batched face."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from osil.core import Action, Observation, Scene, World
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.pybullet import PyBulletWorld

WorldKind = Literal["kinematic", "pybullet"]

BATCH_SIZE: dict[WorldKind, int] = {"kinematic": 32, "pybullet": 1}
"""Episodes that run side by side in one world."""


class BatchOfOne:
    """A single world seen as a batch: its observations, actions and scenes have a leading dimension ``[1]``."""

    def __init__(self, world: World[Observation, Action, Scene]) -> None:
        self._world = world

    def reset(self, scene: Scene) -> Observation:
        return self._world.reset(scene[0])[None]

    def step(self, action: Action) -> Observation:
        return self._world.step(action[0])[None]

    @property
    def scene(self) -> Scene:
        return self._world.scene[None]


@contextmanager
def open_world(
    kind: WorldKind, num_blocks: int, rng: np.random.Generator
) -> Iterator[World[Observation, Action, Scene]]:
    """A world of ``num_blocks`` blocks whose leading dimension is ``[N]``, N at most ``BATCH_SIZE[kind]``."""
    if kind == "kinematic":
        yield KinematicWorld(rng)
    else:
        world = PyBulletWorld(num_blocks, rng)
        try:
            yield BatchOfOne(world)
        finally:
            world.close()
