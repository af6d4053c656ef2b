"""Episodes that begin with a block in the fingers: some block, somewhere over the table.

A policy hardly ever comes to hold a wrong block, and then lets go of it within a few steps. What it learns of that from
episodes that begin like any other is too little: it let such a block down, and never opened its fingers.
"""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray, Observation
from osil.tasks.arrangements import MAX_YAW
from osil.tasks.block_stacking import stacked_on
from osil.worlds.kinematic import KinematicWorld

HIGHEST = 0.30
"""The block is held at most so far above what is below it, metres."""

GRIP = -0.021, 0.010
"""How high in the fingers its centre is, metres: as grasps and mishaps leave it."""

CLEAR = 0.075
"""Blocks that are further away than this (metres) are not below it."""


def begin_in_hand(world: KinematicWorld, rows: np.ndarray, rng: np.random.Generator) -> Observation:
    """Put a block on which no other stands into the fingers of the worlds ``rows``, which were just reset.

    It is held anywhere where blocks may lie, half of the times close above the table or the blocks there.
    """
    scene, hand, table = world.scene, world.hand, world.robot.table
    for row in rows:
        blocks = scene.block_positions[row]
        bare = np.flatnonzero(~stacked_on(blocks, world.blocks).any(0))
        block = int(rng.choice(bare))
        place = _place(world, rng)
        near = np.hypot(*(blocks[:, :2] - place).T) < CLEAR
        near[block] = False
        ground = blocks[near, 2].max() + world.blocks.half if near.any() else table.height
        height = ground + world.blocks.half + HIGHEST * rng.random() ** rng.choice([1.0, 4.0])
        hand.held_offset[row] = 0.0, 0.0, rng.uniform(*GRIP)
        hand.position[row] = (*place, height - hand.held_offset[row, 2])
        hand.yaw[row] = rng.uniform(-MAX_YAW, MAX_YAW) * table.turned
        hand.opening[row], hand.held[row] = world.blocks.size, block
    return world.place(hand)


def _place(world: KinematicWorld, rng: np.random.Generator) -> FloatArray:
    """Somewhere where blocks may lie: ``[2]`` metres, base frame."""
    table = world.robot.table
    least, greatest, aside = table.extent
    while True:
        place = np.array([rng.uniform(least, greatest), rng.uniform(-aside, aside)])
        if table.contains(place):
            return place
