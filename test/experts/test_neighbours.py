"""A hand finds room beside neighbours: turned, or off the middle of the block that it is to hold."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import FloatArray, Scene
from osil.experts.neighbours import HELD, find_room
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.tasks.arrangements import put_up
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")
HIGH, LEVEL = 0.04, 0.0


def room(*neighbours: tuple[float, float, float]) -> tuple[float, FloatArray]:
    """Turn and way off the middle of a hand 0.1 m above a block whose neighbours are so far away (x, y, z)."""
    positions = np.array([[(0.0, 0.0, -0.1), *((x, y, z - 0.1) for x, y, z in neighbours)]])
    yaws, others = np.zeros(positions.shape[:2]), np.arange(positions.shape[1])[None] > 0
    holding, turn = np.zeros(1, dtype=np.bool_), np.zeros(1)
    turn, off_centre = find_room(positions, yaws, positions[:, 0], others, holding, turn, FETCH.gripper, NOMINAL)
    return float(turn[0]), off_centre[0]


def test_a_hand_without_neighbours_comes_down_straight() -> None:
    for neighbours in ((), ((0.12, 0.0, HIGH),), ((0.05, 0.0, LEVEL),)):
        turn, off_centre = room(*neighbours)
        assert turn == 0.0
        assert not off_centre.any()


@pytest.mark.parametrize("neighbour", [(0.0, 0.05, LEVEL), (0.0, 0.07, HIGH)])
def test_it_turns_where_fingers_or_palm_would_come_down_on_a_neighbour(neighbour: tuple[float, float, float]) -> None:
    turn, off_centre = room(neighbour)
    assert abs(turn) == pytest.approx(np.pi / 2)
    assert not off_centre.any()


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_it_keeps_off_a_tower_that_is_too_near_either_way(side: float) -> None:
    turn, off_centre = room((side * 0.055, 0.0, HIGH))
    assert turn == 0.0
    np.testing.assert_allclose(off_centre, [-side * 0.008, 0.0, 0.0], atol=1e-9)
    turn, off_centre = room((0.0, side * 0.055, HIGH))
    assert abs(turn) == pytest.approx(np.pi / 2)
    np.testing.assert_allclose(off_centre, [0.0, -side * 0.008, 0.0], atol=1e-9)


def test_it_does_not_leave_the_block_and_minds_towers_on_both_sides() -> None:
    _, off_centre = room((0.042, 0.0, HIGH))
    np.testing.assert_allclose(off_centre, [-HELD, 0.0, 0.0], atol=1e-9)
    _, off_centre = room((0.055, 0.0, HIGH), (-0.055, 0.0, HIGH))
    np.testing.assert_allclose(off_centre, 0.0, atol=1e-9)


@pytest.mark.parametrize("direction", [0.0, 1.0, 2.0])
def test_a_block_beside_a_tower_is_picked_without_toppling_it(direction: float) -> None:
    positions = TABLE_OF_FIVE.copy()
    positions[0, :2] = positions[4, :2] + 0.052 * np.array([np.cos(direction), np.sin(direction)])
    assert reached_beside_a_tower("abcde", positions, np.full(5, direction))


@pytest.mark.parametrize("direction", [0.0, 1.0, 2.0])
def test_a_block_is_placed_beside_a_tower_without_toppling_it(direction: float) -> None:
    positions, aslant = np.vstack([TABLE_OF_FIVE, TABLE_OF_FIVE[0] + [0.1, 0.0, 0.0]]), direction + np.pi / 4
    positions[5, :2] = positions[4, :2] + 0.091 * np.array([np.cos(aslant), np.sin(aslant)])
    assert reached_beside_a_tower("bcde af", positions, np.array([direction, *np.full(4, aslant), direction]))


TABLE_OF_FIVE = FETCH.table.random_scene(5, np.random.default_rng(3)).block_positions


def reached_beside_a_tower(letters: str, positions: FloatArray, yaws: FloatArray) -> bool:
    """Whether the expert ends a task that begins with c, d and e (and b, if a goes elsewhere) stacked."""
    task, blocks = StackingTask.parse(letters), len(positions)
    scene = Scene(positions, (yaws + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    put_up(scene, [stage for stage in task.stages if 0 not in stage], np.random.default_rng(0))
    world = PyBulletWorld(FETCH, blocks, np.random.default_rng(0))
    seen, expert = world.reset(scene), StackingExpert(task, ExpertConfig(FETCH.gripper))
    for _ in range(120):
        seen = world.step(expert.act(seen))
    reached = layout_reached(task, world.scene, NOMINAL)
    world.close()
    return reached
