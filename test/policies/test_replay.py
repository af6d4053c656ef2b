"""A demonstrated path is cut, carried over to where the blocks lie now, and gone along."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation
from osil.data.demonstrate import demonstrate
from osil.data.teachers import make_teacher
from osil.experts.stacking import ExpertConfig
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.policies.replay import ReplayActor, parts
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL, between_fingers
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")
TASK = StackingTask.parse("abc +d")


def show(task: StackingTask, seed: int, kind: str = "expert") -> Demonstration[Observation, Action]:
    rng = np.random.default_rng(seed)
    teacher = make_teacher(kind, [task], rng, ExpertConfig(FETCH.gripper))
    scene = FETCH.table.random_scene(task.num_blocks, rng)
    (shown,), succeeded = demonstrate(KinematicWorld(rng, FETCH), [task], scene[None], teacher)
    assert succeeded.all()
    return shown


@pytest.mark.parametrize(("kind", "seed"), [("expert", 0), ("human", 1), ("human", 2)])
def test_each_stage_is_a_path_to_its_block_and_one_to_its_target(kind: str, seed: int) -> None:
    """A person misses blocks, too: what matters is the last grasp of each."""
    found = parts(show(TASK, seed, kind))
    assert [(part.anchor, part.moved) for part in found] == [(1, 1), (2, 1), (0, 0), (1, 0), (0, 0)]
    for pick, place in zip(found[:-1:2], found[1::2], strict=True):
        assert between_fingers(-pick.path.position[-1:]).all()
        assert between_fingers(-place.path.position[-1:] + (0.0, 0.0, NOMINAL.size)).all()
        assert not pick.close[0]
        assert pick.close[-1]
        assert place.close[0]
        assert not place.close[-1]


def test_a_path_begins_at_the_hand_and_ends_at_the_block_as_it_was_shown() -> None:
    rng = np.random.default_rng(0)
    for part in parts(show(TASK, 0))[:-1]:  # after the last one the hand goes nowhere
        shown = part.path[-1]
        for _ in range(20):
            position, yaw = rng.uniform(-0.4, 0.4, 3), rng.uniform(-0.25 * np.pi, 0.25 * np.pi)
            path, close = part.carried_over(position, yaw)
            assert len(path.yaw) == len(close) + 1
            np.testing.assert_allclose([*path.position[0], path.yaw[0]], 0.0, atol=1e-12)
            ends = rotate_z(path.position[-1] - position, shown.yaw - path.yaw[-1])  # turned as it was shown
            np.testing.assert_allclose(ends, shown.position, atol=1e-9)
            assert wrap_cube_yaw(path.yaw[-1] - shown.yaw - yaw) == pytest.approx(0.0, abs=1e-9)
            assert np.linalg.norm(np.diff(path.position, axis=0), axis=-1).max() <= ExpertConfig.max_step + 1e-9
            assert np.abs(np.diff(path.yaw)).max() <= ExpertConfig.max_yaw_step + 1e-9


@pytest.mark.parametrize(("pushed_at", "reached"), [(None, True), (0, True), (1, False)])
def test_a_block_is_looked_for_when_a_path_begins_and_not_again(pushed_at: int | None, reached: bool) -> None:
    task = StackingTask.parse("ab +c +d")
    world, actor = KinematicWorld(np.random.default_rng(5), FETCH), ReplayActor(show(task, 3))
    scene = FETCH.table.random_scene(4, np.random.default_rng(6))
    seen = world.reset(scene[None])
    for step in range(200):
        if step == pushed_at:
            world.move_block(0, 0, scene.block_positions[0] + (0.0, 0.05, 0.0))
            seen = world.observe()
        seen = world.step(actor.act(seen[0])[None])
    assert layout_reached(task, world.scene, NOMINAL).all() == reached
