"""The kinematic world moves the gripper as the controller does, to the same edges."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Scene
from osil.robots.controller import ArmController
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")

FAR = Scene(np.array([[[0.5, -0.4, 0.42], [0.7, 0.4, 0.42]]]), np.zeros((1, 2)))
"""Blocks in nobody's way."""


@pytest.mark.parametrize(
    "direction",
    [(1, 0, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1), (1, 0, 1), (-1, 0, -1), (0.3, 1, 0), (0.3, -1, 0.5)],
)
def test_the_gripper_ends_where_the_controllers_does(direction: tuple[float, float, float]) -> None:
    world, controller = KinematicWorld(np.random.default_rng(0), FETCH), ArmController(FETCH)
    first = world.reset(FAR)
    # The first block is at rest and not turned, so the gripper is told by it.
    yaw = -float(first.block_yaws[0, 0])
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    start = FAR.block_positions[0, 0] - turn @ first.block_positions[0, 0]
    joints = FETCH.kinematics.inverse(GripperPose(start, np.array(yaw)), FETCH.home, FETCH.lift)
    controller.reset(joints)
    step = 0.02 * np.array(direction)
    for _ in range(250):  # on the way along an edge the controller's joints may be slower
        seen = world.step(Action(step[None], np.array([False]), np.zeros(1)))
        joints = controller.step(step, 0.0, joints)
    controlled = FETCH.kinematics.forward(joints, FETCH.lift).position
    np.testing.assert_allclose(FAR.block_positions[0, 0] - turn @ seen.block_positions[0, 0], controlled, atol=0.003)
