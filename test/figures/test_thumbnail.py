"""The small picture of a demonstration."""

from __future__ import annotations

import numpy as np

from osil.figures.thumbnail import PATH, SIZE, draw_thumbnail
from osil.robots.robot import load_robot
from osil.tasks.blocks import NOMINAL
from osil.worlds.snapshot import Snapshot

FETCH = load_robot("fetch")


def test_it_shows_the_blocks_and_the_way_of_the_gripper() -> None:
    table = FETCH.table
    middle = np.array([table.centre_x + 0.5 * (table.min_radius + table.max_radius), 0.0, table.height + 0.02])
    joints = np.concatenate([FETCH.home, tuple(FETCH.posture.values()), (0.05, 0.05)])
    upright = np.array([[0.0, 0.0, 0.0, 1.0]])
    way = middle + np.array([[0.0, -0.2, 0.1], [0.0, 0.2, 0.1]])
    shown = draw_thumbnail(Snapshot(joints, middle[None], upright), way, FETCH, NOMINAL)
    without = draw_thumbnail(Snapshot(joints, middle[None] + (0.0, 0.3, 0.0), upright), way[:1], FETCH, NOMINAL)
    assert shown.shape == without.shape == (SIZE[1], SIZE[0], 3)
    drawn = (shown == PATH).all(-1).any(0).nonzero()[0]
    assert drawn.max() - drawn.min() > SIZE[0] / 4, "the path, right across"
    row, column = SIZE[1] // 2, SIZE[0] // 2
    around = (slice(row - 5, row + 15), slice(column - 10, column + 10))
    assert (shown[around] != without[around]).any(-1).mean() > 0.2, "the block, in the middle"
