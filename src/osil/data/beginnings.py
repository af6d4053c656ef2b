"""Beginnings of labelled episodes that are rare otherwise: towers, blocks in the way, blocks close together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from osil.core import FloatArray, Scene
from osil.geometry import half_extent, rotate_z
from osil.tasks.arrangements import MAX_YAW, put_up
from osil.tasks.block_stacking import StackingTask, stacked_on
from osil.tasks.blocks import NOMINAL, Blocks
from osil.tasks.table import Table

CLOSE = 0.10
"""Blocks that begin beside another one are at most so far from it, centre to centre, metres."""

GAP = 0.001
"""Blocks beside one another are at least so far apart, metres."""

SOON = 2
"""Stages to come, of which one block begins beside another one."""

TRIES = 20
"""Places that are tried for a block beside another one."""


def begin_midway(
    scene: Scene, tasks: Sequence[StackingTask], share: float, rng: np.random.Generator, blocks: Blocks = NOMINAL
) -> None:
    """In a ``share`` of the worlds put up the first few stages in place, in ``scene``.

    Now and then a wrong pair stands there, too, or a pile of blocks that no stage needs: high ones are rare otherwise.
    """
    for world, task in enumerate(tasks):
        if rng.random() >= share or not task.stages:
            continue
        pairs = list(task.stages[: rng.integers(0, task.num_stages)])
        if rng.random() < 0.3:
            pairs += _wrong_pair(task, pairs, rng)
        elif rng.random() < 0.5:
            pairs += _pile(task, rng)
        put_up(scene[world], pairs, rng, blocks)


def _wrong_pair(task: StackingTask, done: list[tuple[int, int]], rng: np.random.Generator) -> list[tuple[int, int]]:
    """A loose block on a bare one that is still needed, where it is in the way; empty if there is none."""
    needed = {block for stage in task.stages[len(done) :] for block in stage}
    loose = [b for b in range(task.num_blocks) if all(b not in pair for pair in done)]
    bare = [b for b in needed if all(b != lower for _, lower in done)]
    pairs = [(u, b) for u in loose for b in bare if u != b and (u, b) not in task.stages]
    return [pairs[rng.integers(len(pairs))]] if pairs else []


def _pile(task: StackingTask, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Some of the distractors on top of one another, from the bottom up; empty if there are none."""
    used = {block for stage in task.stages for block in stage}
    loose = rng.permutation([block for block in range(task.num_blocks) if block not in used])
    height = int(rng.integers(0, len(loose) + 1))
    return [(int(upper), int(lower)) for lower, upper in pairwise(loose[:height])]


def begin_beside(
    scene: Scene,
    tasks: Sequence[StackingTask],
    share: float,
    table: Table,
    rng: np.random.Generator,
    blocks: Blocks = NOMINAL,
) -> None:
    """In a ``share`` of the worlds move a loose block close beside another one, in ``scene``.

    So lie blocks that were dropped. It is one on which the hand comes down within the next stages of the world's task,
    one of ``tasks``, if there is any. The higher the pile beside it, the more likely that one is taken.
    """
    for world, task in enumerate(tasks):
        if rng.random() >= share:
            continue
        positions, yaws = scene.block_positions[world], scene.block_yaws[world]
        on = stacked_on(positions, blocks)
        loose, lowest = np.flatnonzero(~on.any(0) & ~on.any(1)), np.flatnonzero(~on.any(1))
        if not len(loose) or len(lowest) < 2:
            continue
        ahead = [pair for pair in task.stages if not on[pair]][:SOON]
        soon = np.intersect1d(loose, np.ravel(ahead))
        block = rng.choice(soon if len(soon) else loose)
        others = lowest[lowest != block]
        above = np.hypot(*(positions[:, None, :2] - positions[others, :2]).T) < blocks.half
        beside = rng.choice(others, p=above.sum(1) / above.sum())
        for _ in range(TRIES):
            angle, yaw = rng.uniform(-np.pi, np.pi), rng.uniform(-MAX_YAW, MAX_YAW) * table.turned
            place = positions[beside, :2] + rng.uniform(blocks.size, CLOSE) * np.array([np.cos(angle), np.sin(angle)])
            gaps = _gap(place - positions[others, :2], yaw, yaws[others], blocks.size)
            if table.contains(place) and gaps.min() > GAP:
                positions[block, :2], yaws[block] = place, yaw
                break


def _gap(offset: FloatArray, yaw: float, yaws: FloatArray, size: float) -> FloatArray:
    """How far cubes are apart along the best of their edges, metres, below 0 where they overlap: ``[N]``.

    Args:
        offset: ``[N, 2]`` from their centres to that of another cube, metres.
        yaw: of that one, radians.
        yaws: ``[N]`` theirs.
        size: edge length of all.
    """
    flat = np.append(offset, np.zeros((len(offset), 1)), axis=1)
    apart = [np.abs(rotate_z(flat, -edges)).max(-1) for edges in (yaws, np.full(len(yaws), yaw))]
    gap: FloatArray = np.maximum(*apart) - 0.5 * size - half_extent(size, yaws - yaw)
    return gap
