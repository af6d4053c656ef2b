"""What every block-stacking world offers, and the base of the wrappers that change one from outside."""

from __future__ import annotations

from typing import Protocol

from osil.core import Action, FloatArray, Observation, Scene, World
from osil.robots.robot import Robot
from osil.tasks.blocks import Blocks


class StackingWorld(World[Observation, Action, Scene], Protocol):
    """A block-stacking world with leading ``[N]`` in which blocks can be moved from outside."""

    @property
    def robot(self) -> Robot:
        """Who acts."""

    @property
    def blocks(self) -> Blocks:
        """How large the blocks are."""

    def observe(self) -> Observation:
        """What the policy sees now."""

    def move_block(self, row: int, block: int, position: FloatArray) -> None:
        """Put a block of world ``row`` at ``position`` ``[3]`` (metres, base frame), at rest and turned as it was."""


class WorldWrapper:
    """A world around another one. It passes everything on; a subclass changes some of it."""

    def __init__(self, world: StackingWorld) -> None:
        self._world = world
        self.robot, self.blocks = world.robot, world.blocks

    def reset(self, scene: Scene) -> Observation:
        return self._world.reset(scene)

    def step(self, action: Action) -> Observation:
        return self._world.step(action)

    def observe(self) -> Observation:
        return self._world.observe()

    def move_block(self, row: int, block: int, position: FloatArray) -> None:
        self._world.move_block(row, block, position)

    @property
    def scene(self) -> Scene:
        return self._world.scene
