"""What somebody might do to a scene who wants to see whether the arm copes: push a block, knock one out of the hand."""

from __future__ import annotations

import string

import numpy as np

from osil.core import FloatArray
from osil.errors import SceneError
from osil.robots.sensing import observe
from osil.tasks.blocks import in_fingers
from osil.worlds.pybullet import PyBulletWorld

FASTEST = 2.0
"""m/s of a push, with which a block slides as far as the table goes."""

FALL = 0.05
"""Metres below the hand to which a block is knocked: clear of the fingers."""


def push(world: PyBulletWorld, block: str, velocity: FloatArray) -> None:
    """Set a block going, by its letter, at ``velocity`` ``[3]`` (m/s, base frame).

    Raises:
        SceneError: there is no such block, or the velocity is none.
    """
    names = string.ascii_lowercase[: world.simulation.num_blocks]
    if len(block) != 1 or block not in names:
        raise SceneError(f"block {block!r}: expected one of {' '.join(names)}")
    if not (np.abs(velocity).max() <= FASTEST and np.linalg.norm(velocity) <= FASTEST):  # a norm may overflow
        raise SceneError(f"velocity {velocity.tolist()}: expected at most {FASTEST} m/s")
    world.simulation.bodies.push_block(names.index(block), velocity)


def drop(world: PyBulletWorld) -> str:
    """Knock the block that is held out of the fingers; returns its letter.

    Raises:
        SceneError: the fingers hold none, or something is right below it.
    """
    scene = world.scene
    seen = observe(scene.block_positions, scene.block_yaws, *world.hand())
    held = np.nonzero(in_fingers(seen, world.blocks))[0]
    if not len(held):
        raise SceneError("the fingers hold no block; wait until they do")
    block, positions = int(held[0]), scene.block_positions
    place = positions[block] - (0.0, 0.0, FALL)
    others = np.delete(positions, block, axis=0)
    room = np.abs(others - place).max(-1) > world.blocks.size
    if place[2] < world.robot.table.height + world.blocks.half or not room.all():
        raise SceneError("there is no room below the block that is held; wait until it is lifted")
    world.move_block(block, place)
    return string.ascii_lowercase[block]
