"""States in the middle of a task, swept without physics: where a hand may be, and what it has to do from there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from osil.arrays import Arrays
from osil.core import FloatArray, Scene
from osil.data.kinematic_episodes import scenes
from osil.geometry import rotate_z
from osil.robots.robot import Robot
from osil.tasks.arrangements import put_up
from osil.tasks.block_stacking import StackingTask, stacked_on
from osil.tasks.blocks import NOMINAL
from osil.worlds.kinematic import HandState

SPACING = (0.075, 0.105)
"""The least distance between blocks is drawn between these for each group of states, metres."""

BESIDE = 0.09
"""A hand whose fingers, and what they hold, may touch a block is no further from it than this in the plane, metres."""

OVER, AROUND = 0.01, 0.35
"""Hands are over the block that they are placed by, or anywhere around it: greatest distances in the plane, metres."""

ABOVE = 0.12
"""Hands are at most so far above the tallest block, metres: twice the height at which the expert travels."""

MARGIN = 0.005
"""Hands are at least so far above what is under them, metres."""

HELD_HEIGHT = (-0.016, 0.004)
"""The centre of a block that is held is so high in the fingers, metres: they may rise before they hold it fast."""

SHARES = (0.45, 0.4, 0.15)
"""Of the states, by what is to be done."""


class Doing(IntEnum):
    """What a hand has to do first."""

    PICK = 0
    PLACE = 1
    PUT_ASIDE = 2
    """It holds a block that is not the one to pick."""


@dataclass(frozen=True, eq=False)
class ProbeStates(Arrays):
    """N hands at rest in N scenes, each with one thing to do.

    Attributes:
        scene, hand: leading ``[N]``.
        doing: ``[N]`` a ``Doing`` each.
        stage: ``[N]`` the stage that is to be done; all before it stand.
        source, target: ``[N]`` blocks of that stage.
    """

    scene: Scene
    hand: HandState
    doing: np.ndarray
    stage: np.ndarray
    source: np.ndarray
    target: np.ndarray

    def seen(self, blocks: np.ndarray) -> FloatArray:
        """Where one block of each scene (``[N]``) is seen: ``[N, 3]`` metres, gripper frame."""
        return rotate_z(_of(self.scene.block_positions, blocks) - self.hand.position, -self.hand.yaw)


def draw_states(task: StackingTask, robot: Robot, count: int, rng: np.random.Generator) -> ProbeStates:
    """``count`` states of a task: blocks as people put them down, hands at every height, over, beside and between."""
    table = robot.at_table("any", rng.uniform(*SPACING)).table
    scene = scenes(table, count, task.num_blocks, rng)
    stage = rng.integers(task.num_stages, size=count)
    for row, done in enumerate(stage):
        put_up(scene[row], task.stages[:done], rng)
    source, target = np.array(task.stages)[stage].T
    wrong = _wrong_blocks(scene, source, rng)
    doing = rng.choice(len(SHARES), count, p=SHARES)
    doing = np.where((doing == Doing.PUT_ASIDE) & (wrong < 0), Doing.PLACE, doing)
    held = np.select([doing == Doing.PICK, doing == Doing.PLACE], [-1, source], wrong)
    carrying = held >= 0

    # By the block to pick, or where the one that is held was; by the one to put it on, or on the way from anywhere.
    other = np.where(doing == Doing.PLACE, target, rng.integers(task.num_blocks, size=count))
    own = np.where(carrying, held, source)
    by = np.where(rng.random(count) < 0.5, own, other)
    over = rng.random(count) < 0.3
    distance = np.where(over, OVER, AROUND) * np.sqrt(rng.random(count))
    direction = rng.uniform(-np.pi, np.pi, count)
    beside = distance[:, None] * np.column_stack([np.cos(direction), np.sin(direction)])
    place = _of(scene.block_positions, by)[:, :2] + beside
    aligned = over | (rng.random(count) < 0.3)
    turn = np.where(aligned, 0.02 * rng.standard_normal(count), rng.uniform(-0.25 * np.pi, 0.25 * np.pi, count))
    yaw = _of(scene.block_yaws, by) + turn

    tops = scene.block_positions[..., 2] + NOMINAL.half
    offset = np.zeros((count, 3))
    offset[:, 2] = np.where(carrying, rng.uniform(*HELD_HEIGHT, count), 0.0)
    reach = np.where(carrying, NOMINAL.half - offset[:, 2], robot.gripper.tip)  # how far hand and block reach down
    under = np.hypot(*np.moveaxis(scene.block_positions[..., :2] - place[:, None], -1, 0)) < BESIDE
    mine = np.arange(task.num_blocks) == own[:, None]
    under &= ~(mine & (carrying | (over & (by == own)))[:, None])  # around this one the hand may be
    lowest = np.maximum(np.where(under, tops, -np.inf).max(-1), table.height) + reach + MARGIN
    height = rng.uniform(lowest, np.where(mine, -np.inf, tops).max(-1).clip(table.height) + reach + ABOVE)
    wide = rng.random(count) < 0.8
    opening = np.where(wide, robot.gripper.opening, rng.uniform(1.2 * NOMINAL.size, robot.gripper.opening, count))
    opening = np.where(carrying, NOMINAL.size, opening)
    position = robot.clip_to_reach(np.column_stack([place, height]))
    hand = HandState(position, yaw, opening, held, offset)
    return ProbeStates(scene, hand, doing, stage, source, target)


def _wrong_blocks(scene: Scene, source: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each scene a block that stands alone on the table and is not the one to pick; -1 if there is none."""
    on = stacked_on(scene.block_positions, NOMINAL)
    alone = ~on.any(-1) & ~on.any(-2) & (np.arange(on.shape[-1]) != source[:, None])
    chosen: np.ndarray = np.where(alone, rng.random(alone.shape), -1.0).argmax(-1)
    return np.where(alone.any(-1), chosen, -1)


def _of(values: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """The entry of one block in each row."""
    entries: np.ndarray = values[np.arange(len(blocks)), blocks]
    return entries
