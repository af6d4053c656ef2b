"""Somebody meddles with the simulated scene."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from osil.core import Action
from osil.errors import SceneError
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.worlds.meddling import FASTEST, drop, push
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")

STILL = Action(np.zeros(3), np.array(False))


@pytest.fixture
def world() -> Iterator[PyBulletWorld]:
    world = PyBulletWorld(FETCH, 3)
    world.reset(FETCH.table.random_scene(3, np.random.default_rng(0)))
    for _ in range(60):
        world.step(STILL)  # until blocks that lie still sleep
    yield world
    world.close()


def test_a_block_that_is_pushed_slides_and_comes_to_rest(world: PyBulletWorld) -> None:
    before = world.scene.block_positions
    push(world, "b", np.array([0.0, 0.5, 0.0]))
    for _ in range(30):
        world.step(STILL)
    after = world.scene.block_positions
    world.step(STILL)
    np.testing.assert_allclose(world.scene.block_positions, after, atol=1e-4)
    assert after[1, 1] > before[1, 1] + 0.01
    np.testing.assert_allclose(after[[0, 2]], before[[0, 2]], atol=1e-3)


@pytest.mark.parametrize(
    ("block", "velocity", "why"),
    [
        ("z", [0.1, 0.0, 0.0], "expected one of a b c"),
        ("", [0.1, 0.0, 0.0], "expected one of a b c"),
        ("ab", [0.1, 0.0, 0.0], "expected one of a b c"),
        ("a", [1.1 * FASTEST, 0.0, 0.0], "at most"),
        ("a", [np.nan, 0.0, 0.0], "at most"),
    ],
)
def test_other_pushes_are_refused(world: PyBulletWorld, block: str, velocity: list[float], why: str) -> None:
    with pytest.raises(SceneError, match=why):
        push(world, block, np.array(velocity))


def test_the_block_that_is_held_falls_when_it_is_knocked_out_of_the_hand(world: PyBulletWorld) -> None:
    with pytest.raises(SceneError, match="hold no block"):
        drop(world)
    expert, seen = StackingExpert([StackingTask.parse("ab +c")], ExpertConfig(FETCH.gripper)), world.observe()
    heights = [world.scene.block_positions[0, 2]]
    while heights[-1] < heights[0] + 0.08:
        seen = world.step(expert.act(seen[None])[0])
        heights.append(world.scene.block_positions[0, 2])
        assert len(heights) < 300
    assert drop(world) == "a"
    for _ in range(20):
        world.step(Action(np.zeros(3), np.array(True)))
    assert world.scene.block_positions[0, 2] == pytest.approx(heights[0], abs=0.005), "it lies on the table again"
