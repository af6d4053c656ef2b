"""The kinematic world moves the gripper as the controller does, alone and in contact physics: to the same edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osil.core import Action, FloatArray, Scene
from osil.geometry import rotate_z
from osil.resources import resource_path
from osil.robots.controller import ArmController
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot, load_robot
from osil.robots.robot_config import Start
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.make_world import make_world
from osil.worlds.stacking_world import StackingWorld

ARMS = sorted(path.stem for path in resource_path("config", "robots").glob("*.yaml"))

FLOOR, REACH, TOP, FOLDED, LOW, ASIDE = (0, 0, -1), (1, 0, 0), (0, 0, 1), (-1, 0, 0), (0, 0, -1), (0.2, 1, 0)
"""Directions to one edge after another: floor margin, reach at block height, greatest height, least radius there, least
radius at block height, and along that edge."""

STEPS = 100
"""In each direction: on the way along an edge the joints may be slower than the gripper elsewhere."""


@pytest.fixture(params=ARMS)
def robot(request: pytest.FixtureRequest) -> Robot:
    """Each of the arms, which always starts over the middle of its table."""
    if request.param != "fetch":
        pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    robot = load_robot(request.param)
    x, y, height = robot.start.middle
    return replace(robot, start=Start((x, x), (y, y), (height, height), 0.0))


def gripper(world: StackingWorld) -> FloatArray:
    """Where it is, told by the first block, which is at rest and not turned."""
    seen, block = world.observe(), world.scene.block_positions[0, 0]
    position: FloatArray = block - rotate_z(seen.block_positions[0, 0], -seen.block_yaws[0, 0])
    return position


def test_the_gripper_stops_where_it_does_under_the_controller_and_in_contact_physics(robot: Robot) -> None:
    x, y, height = robot.start.middle
    top, controller, rng = robot.table.height, ArmController(robot), np.random.default_rng(0)
    joints = robot.kinematics.inverse(
        GripperPose(np.array([x, y, top + height]), np.array(0.0)), robot.home, robot.lift
    )
    controller.reset(joints)
    scene = Scene(np.array([[[x, -0.3, top + 0.02], [x, -0.4, top + 0.02]]]), np.zeros((1, 2)))  # in nobody's way
    with make_world("pybullet", robot, 2, rng) as contact:
        worlds = [KinematicWorld(rng, robot), contact]
        for world in worlds:
            world.reset(scene)
        ends = []
        for direction in (FLOOR, REACH, TOP, FOLDED, LOW, ASIDE):
            for step in [*[0.01 * np.array(direction)] * STEPS, *[np.zeros(3)] * 10]:
                joints = controller.step(step, 0.0, joints)
                for world in worlds:
                    world.step(Action(step[None], np.array([False]), np.zeros(1)))
            ends.append(robot.kinematics.forward(joints, robot.lift).position)
            for world in worlds:
                np.testing.assert_allclose(gripper(world), ends[-1], atol=0.002)
    floor, reach, highest = ends[:3]
    assert floor[2] == pytest.approx(top + robot.gripper.tip + robot.limits.floor_clearance, abs=1e-4)
    np.testing.assert_allclose(reach, robot.clip_to_reach(reach + np.array([1.0, 0.0, 0.0])), atol=1e-4)
    assert highest[2] == pytest.approx(top + robot.limits.max_height, abs=1e-4)
