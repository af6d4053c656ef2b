"""How blocks lie on a table before anything is done to them: anyhow, or as people put them down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from osil.core import FloatArray, Scene
from osil.tasks.blocks import NOMINAL, Blocks

if TYPE_CHECKING:
    from osil.tasks.table import Table

KINDS = {"random": 0.4, "parallel": 0.25, "grid": 0.2, "astray": 0.15}
"""What the arrangement ``any`` draws, with its probability, turned as a whole, and neat or nearly so. ``astray``:
parallel but for some blocks."""

MAX_YAW = 0.25 * np.pi
"""Blocks are turned by no more than this (radians), because cubes look the same every half pi."""

UNTIDY = (0.0, 0.02, 0.05)
"""Standard deviations of the yaws of blocks that are meant to be parallel, radians."""

ASTRAY = 0.3
"""Probability of a block among parallel ones to lie anyhow, in scenes with such."""

PITCH = 1.3
"""The pitch of a grid is at most so many times the least spacing."""


CARELESS = 0.0015, 0.03
"""Standard deviations by which blocks stand askew on those below them: metres and radians."""


def put_up(scene: Scene, pairs: Sequence[tuple[int, int]], rng: np.random.Generator, blocks: Blocks = NOMINAL) -> None:
    """Put blocks on one another in ``scene``, in place: of each pair the first on the second, one pair after another.

    Args:
        scene: without leading dimensions.
        pairs: as the stages of a task are.
        rng: by how much they stand askew.
        blocks: how large they are.
    """
    aside, turned = CARELESS
    for upper, lower in pairs:
        offset = np.append(rng.normal(0.0, aside, 2), blocks.size)
        scene.block_positions[upper] = scene.block_positions[lower] + offset
        scene.block_yaws[upper] = scene.block_yaws[lower] + rng.normal(0.0, turned)


def arrange(table: Table, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray] | None:
    """Positions ``[B, 2]`` (metres, base frame) and yaws ``[B]`` (radians) of ``count`` blocks.

    None if they do not fit, which is a matter of luck: another try may succeed.
    """
    kind, turn, untidy = str(table.arrangement), 0.0, 0.0
    if kind == "any":
        kind = rng.choice(list(KINDS), p=list(KINDS.values()))
        turn = rng.uniform(-MAX_YAW, MAX_YAW) * rng.integers(2)
        untidy = rng.choice(UNTIDY)
    positions = _on_grid(table, count, turn, rng) if kind == "grid" else _apart(table, count, rng)
    if positions is None:
        return None
    if kind == "random":
        return positions, rng.uniform(-MAX_YAW, MAX_YAW, count)
    yaws = turn + untidy * rng.standard_normal(count)
    if kind == "astray":
        yaws = np.where(rng.random(count) < ASTRAY, rng.uniform(-MAX_YAW, MAX_YAW, count), yaws)
    return positions, yaws


def _apart(table: Table, count: int, rng: np.random.Generator) -> FloatArray | None:
    """Anywhere on the table, ``table.spacing`` apart at least."""
    placed: list[FloatArray] = []
    for _ in range(200):
        if len(placed) == count:
            return np.array(placed).reshape(-1, 2)
        radius = np.sqrt(rng.uniform(table.min_radius**2, table.max_radius**2))
        y = rng.uniform(-table.max_y, table.max_y)
        if abs(y) > radius:  # a table that goes round to the sides of the arm
            continue
        centre = np.array([table.centre_x + np.sqrt(radius**2 - y**2), y])
        if all(np.hypot(*(centre - other)) >= table.spacing for other in placed):
            placed.append(centre)
    return None


def _on_grid(table: Table, count: int, turn: float, rng: np.random.Generator) -> FloatArray | None:
    """On some points of a square grid that is turned by ``turn`` radians."""
    pitch = table.spacing * rng.uniform(1.0, PITCH)
    steps = np.arange(-30, 31) * pitch
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) + rng.uniform(0.0, pitch, 2)
    c, s = np.cos(turn), np.sin(turn)
    points = grid @ np.array([[c, s], [-s, c]])
    points = points[[table.contains(point) for point in points]]
    return None if len(points) < count else points[rng.choice(len(points), count, replace=False)]
