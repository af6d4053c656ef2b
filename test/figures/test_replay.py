"""Replaying: the gripper's path and the scene are worked out from what the gripper saw."""

from __future__ import annotations

import numpy as np
import pytest

from osil.data.demonstrate import demonstrate
from osil.demonstrations.gripper_motion import gripper_path
from osil.figures.replay import snapshots
from osil.geometry import wrap_cube_yaw
from osil.robots.robot import load_robot
from osil.robots.sensing import cube_yaws, observe
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask, layout_below
from osil.tasks.blocks import NOMINAL
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch")


@pytest.mark.parametrize("text", ["ab", "ab cd +e"])
def test_snapshots_show_what_was_seen(text: str) -> None:
    task = StackingTask.parse(text)
    rng = generator("demonstrate", 1)
    with make_world("kinematic", FETCH, task.num_blocks, rng) as world:
        scene = FETCH.table.random_scene(task.num_blocks, rng)
        (shown,), _ = demonstrate(world, [task], scene[None])
    steps = snapshots(shown, FETCH)
    assert len(steps) == len(shown)
    for step, seen in zip(steps[::10], (shown.observations[t] for t in range(0, len(shown), 10)), strict=True):
        joints = step.joint_positions
        gripper = FETCH.kinematics.forward(joints[: len(FETCH.arm_joints)], FETCH.lift)
        yaws = cube_yaws(step.block_quaternions)
        again = observe(step.block_positions, yaws, gripper, joints[-2:].sum())
        np.testing.assert_allclose(again.block_positions, seen.block_positions, atol=1e-6)
        np.testing.assert_allclose(wrap_cube_yaw(again.block_yaws - seen.block_yaws), 0.0, atol=1e-6)
        assert again.gripper_opening == pytest.approx(float(seen.gripper_opening))
    assert layout_below(steps[-1].block_positions, NOMINAL).tolist() == list(task.below)
    lying = steps[0].block_positions
    assert lying[:, 2] == pytest.approx(scene.block_positions[:, 2], abs=1e-6)
    radius = np.hypot(lying[:, 0] - FETCH.table.centre_x, lying[:, 1])
    assert (radius > FETCH.table.min_radius - 0.02).all()
    assert (radius < FETCH.table.max_radius + 0.02).all()


def test_blocks_that_nobody_touches_lie_still() -> None:
    task = StackingTask.parse("ab +c +d")
    rng = generator("demonstrate", 2)
    with make_world("pybullet", FETCH, task.num_blocks, rng) as world:
        (shown,), _ = demonstrate(world, [task], FETCH.table.random_scene(task.num_blocks, rng)[None])
    path = gripper_path(shown.observations)
    assert np.linalg.norm(path.position, axis=-1).max() > 0.1
    blocks = np.array([step.block_positions for step in snapshots(shown, FETCH)])
    assert np.ptp(blocks[:, 2:], axis=0).max() < 0.003
