"""Blocks that were seen a moment ago are observed where they are now, whatever face they lie on."""

from __future__ import annotations

import numpy as np
import pybullet
import pytest

from osil.core import Action, Observation, Scene
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.robots.sensing import cube_yaws, observe_late
from osil.tasks.blocks import NOMINAL
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")


@pytest.fixture(scope="module")
def carrying() -> tuple[list[Scene], GripperPose, np.ndarray, list[Observation]]:
    """A block is gripped, lifted, carried round with a turn and put down in contact physics: one entry a step."""
    world = PyBulletWorld(FETCH, 2)
    try:
        start = Scene(np.array([[0.60, 0.0, 0.42], [0.60, 0.25, 0.42]]), np.zeros(2))
        observation = world.reset(start)
        steps = [Action(np.array([0.0, 0.0, min(0.0, max(-0.03, 0.017 - 0.25 / 8))]), np.bool_(False))] * 16
        steps += [Action(np.zeros(3), np.bool_(True))] * 12
        steps += [Action(np.array([0.004, 0.012, 0.01]), np.bool_(True), np.float64(0.04))] * 12
        steps += [Action(np.array([0.0, 0.0, -0.01]), np.bool_(True))] * 13
        steps += [Action(np.zeros(3), np.bool_(False))] * 10
        scenes, joints, seen = [], [], []
        for action in steps:
            observation = world.step(action)
            scenes.append(world.scene)
            joints.append(world.joint_positions())
            seen.append(observation)
    finally:
        world.close()
    arms = np.array(joints)
    return scenes, FETCH.kinematics.forward(arms[:, :7], FETCH.lift), arms[:, -2:].sum(-1), seen


def test_the_block_was_carried(carrying) -> None:
    scenes, _, _, _ = carrying
    assert max(scene.block_positions[0, 2] for scene in scenes) > 0.5
    assert scenes[-1].block_positions[0, 1] > 0.08


@pytest.mark.parametrize("late", [0, 1, 2, 3, 5])
def test_late_poses_are_observed_as_those_of_now(carrying, late: int) -> None:
    scenes, grippers, openings, seen = carrying
    errors = []
    for now in range(late, len(scenes)):
        span = slice(now - late, now + 1)
        found = observe_late(scenes[now - late], grippers[span], openings[span], NOMINAL)
        errors.append(np.linalg.norm(found.block_positions - seen[now].block_positions, axis=-1).max())
    assert max(errors) < (1e-9 if late == 0 else 0.006), "metres, slip and the grasp included"
    if late:
        naive = [
            np.linalg.norm(scenes[now - late].block_positions - scenes[now].block_positions, axis=-1).max()
            for now in range(late, len(scenes))
        ]
        assert max(naive) > 2 * max(errors), "which matters"


def test_the_yaw_of_a_cube_does_not_depend_on_the_face_it_lies_on() -> None:
    turn = pybullet.getQuaternionFromEuler((0.0, 0.0, 0.3))
    for face in ((0, 0, 0), (np.pi / 2, 0, 0), (0, np.pi / 2, 0), (np.pi, 0, 0), (0, -np.pi / 2, np.pi / 2)):
        rolled = pybullet.multiplyTransforms((0, 0, 0), turn, (0, 0, 0), pybullet.getQuaternionFromEuler(face))[1]
        assert cube_yaws(np.array(rolled)) == pytest.approx(0.3, abs=1e-6)
