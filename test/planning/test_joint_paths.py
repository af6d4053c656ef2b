"""Planned motions, judged in another PyBullet: they touch nothing, and what cannot be planned says why."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from osil.core import Scene
from osil.errors import PlanningError
from osil.planning.collisions import CollisionScene
from osil.planning.joint_paths import JointPathPlanner
from osil.planning.planner import Situation
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot, load_robot
from osil.tasks.blocks import NOMINAL
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene
from osil.worlds.snapshot import Snapshot

FETCH = load_robot("fetch")
NAMES = tuple("abcdef")
HANGING = np.array([1.4, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0])
"""Beside the table, its hand lower than the table's top."""

FOLDED = np.array([1.5, 1.2, 0.0, 0.3, 0.0, 0.0, 0.0])
"""The hand in the robot's own base."""


def situation(robot: Robot, joints: np.ndarray, scene: Scene, opening: float | None = None) -> Situation:
    half = 0.5 * scene.block_yaws
    quaternions = np.stack([0.0 * half, 0.0 * half, np.sin(half), np.cos(half)], axis=-1)
    opening = robot.gripper.opening if opening is None else opening
    names = NAMES[: scene.num_blocks]
    return Situation(joints, robot.lift, opening, names, scene.block_positions, quaternions)


def nearest(robot: Robot, given: Situation, positions: np.ndarray) -> float:
    """Least distance of the arm from table and blocks in all these poses ``[K, J]``, metres."""
    scene = BulletScene(robot, len(given.block_names))
    try:
        others = [body for body in range(pybullet.getNumBodies(physicsClientId=scene.client)) if body != scene.arm]
        shoulder, least = scene.joints[0], 1.0
        for joints in positions:
            everything = np.array([*joints, *robot.posture.values(), *[0.5 * given.opening] * 2])
            scene.show(Snapshot(everything, given.block_positions, given.block_quaternions))
            for body in others:
                for point in pybullet.getClosestPoints(scene.arm, body, 0.05, physicsClientId=scene.client):
                    if point[3] > shoulder:
                        least = min(least, point[8])
        return least
    finally:
        scene.close()


def among_blocks(robot: Robot, scene: Scene) -> np.ndarray:
    """The open hand about block a."""
    pose = GripperPose(scene.block_positions[0], scene.block_yaws[0])
    return robot.kinematics.inverse(pose, robot.home, robot.lift)


@pytest.mark.parametrize("name", ["fetch", "ur5e"])
@pytest.mark.parametrize("seed", range(3))
def test_a_hand_among_blocks_leaves_them_where_they_are(name: str, seed: int) -> None:
    if name != "fetch":
        pytest.importorskip("pinocchio", reason="the extra arms is not installed")
    robot = load_robot(name)
    given = robot.table.random_scene(6, np.random.default_rng(seed))
    start = situation(robot, among_blocks(robot, given), given)
    trajectory = JointPathPlanner(robot, NOMINAL).plan(start, robot.ready())
    positions, _ = trajectory.at(np.linspace(0.0, trajectory.duration, 200))
    np.testing.assert_allclose(positions[0], start.joints, atol=1e-9)
    np.testing.assert_allclose(positions[-1], robot.ready(), atol=1e-6)
    assert nearest(robot, start, positions) > 0.0


def test_an_arm_that_hangs_beside_the_table_is_led_around_it() -> None:
    pytest.importorskip("ompl", reason="the extra planning is not installed")
    given = FETCH.table.random_scene(3, np.random.default_rng(0))
    start = situation(FETCH, HANGING, given)
    straight = np.linspace(HANGING, FETCH.ready(), 200)
    assert nearest(FETCH, start, straight) < 0.0, "the straight way is not free"
    trajectory = JointPathPlanner(FETCH, NOMINAL).plan(start, FETCH.ready())
    positions, _ = trajectory.at(np.linspace(0.0, trajectory.duration, 400))
    assert nearest(FETCH, start, positions) > 0.0


def test_between_two_looks_nothing_comes_nearer_than_the_margin() -> None:
    """A path that is called free is free everywhere: looked at ten times as often, it keeps a distance."""
    given = FETCH.table.random_scene(6, np.random.default_rng(1))
    start, rng = situation(FETCH, FETCH.ready(), given), np.random.default_rng(2)
    scene = CollisionScene(FETCH, NOMINAL, start)
    try:
        free = []
        while len(free) < 5:
            end = FETCH.ready() + rng.uniform(-1.0, 1.0, 7)
            if scene.obstacle_between(FETCH.ready(), end, {}) is None:
                free.append(end)
        for end in free:
            assert nearest(FETCH, start, np.linspace(FETCH.ready(), end, 1000)) > 0.0
    finally:
        scene.close()


def test_what_touches_at_the_start_is_named() -> None:
    given = FETCH.table.random_scene(2, np.random.default_rng(0))
    holding = situation(FETCH, among_blocks(FETCH, given), given, opening=NOMINAL.size)
    with pytest.raises(PlanningError, match=r"r_gripper_finger_link touches block a.*put down"):
        JointPathPlanner(FETCH, NOMINAL).plan(holding, FETCH.ready())
    with pytest.raises(PlanningError, match="gripper_link touches the robot's base"):
        JointPathPlanner(FETCH, NOMINAL).plan(situation(FETCH, FOLDED, given), FETCH.ready())


def test_a_tower_in_the_ready_pose_is_named() -> None:
    x, y, height = FETCH.start.middle
    tower = Scene(np.array([[x, y, FETCH.table.height + height]]), np.zeros(1))
    start = FETCH.ready() + np.eye(7)[0] * 0.8
    with pytest.raises(PlanningError, match=r"no room at its goal.*block a"):
        JointPathPlanner(FETCH, NOMINAL).plan(situation(FETCH, start, tower), FETCH.ready())


def test_joints_without_end_turn_the_short_way() -> None:
    given = FETCH.table.random_scene(2, np.random.default_rng(0))
    start = FETCH.ready() + 2 * np.pi * np.eye(7)[4] * 3
    trajectory = JointPathPlanner(FETCH, NOMINAL).plan(situation(FETCH, start, given), FETCH.ready())
    for before, after in pairwise(trajectory.positions):
        assert np.abs(after - before)[4] < 1e-6
