"""The bodies stand where they are shown, and are those that the robot's configuration and the blocks' size tell of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pybullet
import pytest

from osil.errors import SceneError
from osil.resources import resource_path
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot, load_robot
from osil.tasks.blocks import LARGEST, NOMINAL, SMALLEST, Blocks
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot

ARMS = sorted(path.stem for path in resource_path("config", "robots").glob("*.yaml"))

FETCH = load_robot("fetch")


@pytest.fixture
def scene() -> Iterator[BulletScene]:
    """A Fetch and three blocks."""
    scene = BulletScene(FETCH, 3)
    yield scene
    scene.close()


def start(robot: Robot) -> GripperPose:
    """The gripper over the middle of the table."""
    x, y, height = robot.start.middle
    return GripperPose(np.array([x, y, robot.table.height + height]), np.array(0.0))


def snapshot(robot: Robot, num_blocks: int = 3) -> Snapshot:
    """The open gripper over the middle of the table, blocks apart on it and turned."""
    arm = robot.kinematics.inverse(start(robot), robot.home, robot.lift)
    fingers = [0.5 * robot.gripper.opening] * 2
    place = np.array([*start(robot).position[:2], robot.table.height + NOMINAL.half])
    positions = place + np.linspace(-0.2, 0.2, num_blocks)[:, None] * (0.0, 1.0, 0.0)
    turns = np.linspace(0.0, 0.6, num_blocks)
    zero = np.zeros(num_blocks)
    return Snapshot(
        np.concatenate([arm, list(robot.posture.values()), fingers]),
        positions,
        np.stack([zero, zero, np.sin(turns), np.cos(turns)], axis=-1),
    )


def extent(scene: BulletScene, body: int, link: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner ``[3]`` of the box around a body or link, metres, base frame."""
    low, high = pybullet.getAABB(body, link, physicsClientId=scene.client)
    return np.array(low), np.array(high)


def test_what_is_shown_is_where_things_are(scene: BulletScene) -> None:
    shown = snapshot(FETCH)
    scene.show(shown)
    found = scene.snapshot()
    for name, array in vars(shown).items():
        np.testing.assert_allclose(getattr(found, name), array, atol=1e-9)


def test_one_block_is_moved_and_keeps_its_turn(scene: BulletScene) -> None:
    shown = snapshot(FETCH)
    scene.show(shown)
    pybullet.resetBaseVelocity(scene.blocks[2], (1.0, 0.0, 0.0), physicsClientId=scene.client)
    place = np.array([0.65, 0.3, FETCH.table.height + NOMINAL.half])
    scene.move_block(2, place)
    positions, quaternions = scene.block_poses()
    np.testing.assert_allclose(positions, [*shown.block_positions[:2], place], atol=1e-9)
    np.testing.assert_allclose(quaternions, shown.block_quaternions, atol=1e-9)
    assert pybullet.getBaseVelocity(scene.blocks[2], physicsClientId=scene.client) == ((0.0,) * 3, (0.0,) * 3)


@pytest.mark.parametrize("name", ["joint_positions", "block_positions", "block_quaternions"])
def test_what_does_not_fit_is_refused_and_nothing_moves(scene: BulletScene, name: str) -> None:
    shown = snapshot(FETCH)
    scene.show(shown)
    array = getattr(shown, name)
    for wrong in (array[:-1], np.full_like(array, np.nan)):
        with pytest.raises(SceneError, match="expected finite numbers of shape"):
            scene.show(Snapshot(**{**vars(shown), name: wrong}))
    np.testing.assert_allclose(scene.snapshot().joint_positions, shown.joint_positions, atol=1e-9)


@pytest.mark.parametrize("size", [SMALLEST, NOMINAL.size, LARGEST])
def test_blocks_are_as_large_and_heavy_as_the_physics_say(size: float) -> None:
    scene = BulletScene(FETCH, 2, Physics(block_mass=0.08, blocks=Blocks(size)))
    for block in scene.blocks:
        low, high = extent(scene, block)
        np.testing.assert_allclose(high - low, size, atol=1e-6)
        assert pybullet.getDynamicsInfo(block, -1, physicsClientId=scene.client)[0] == pytest.approx(0.08)
    scene.close()


@pytest.mark.parametrize("name", ARMS)
def test_table_and_hand_are_those_of_the_configuration(name: str) -> None:
    """Sizes of the hand stand in the YAML, because meshes do not tell them; Bullet lays 4 mm around a mesh."""
    if name != "fetch":
        pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    robot = load_robot(name)
    hand, scene, at = robot.gripper, BulletScene(robot, 3), start(robot).position
    scene.show(snapshot(robot))
    beside = at[:2] + np.array([0.0, 0.1])
    (hit,) = pybullet.rayTest((*beside, robot.table.height + 0.05), (*beside, 0.0), physicsClientId=scene.client)
    assert hit[3][2] == pytest.approx(robot.table.height, abs=1e-4)
    sides = []
    for finger in scene.joints[-2:]:
        low, high = (corner - at for corner in extent(scene, scene.arm, finger))
        kind = pybullet.getCollisionShapeData(scene.arm, finger, physicsClientId=scene.client)[0][2]
        near = 0.005 if kind == pybullet.GEOM_MESH else 1e-4
        across, _ = hand.finger
        assert (low[2], high[2]) == pytest.approx((-hand.tip, hand.finger_length - hand.tip), abs=near)
        assert (low[0], high[0]) == pytest.approx((-across, across), abs=near)
        inner, outer = sorted((low[1], high[1]), key=abs)
        assert abs(inner) == pytest.approx(0.5 * hand.opening, abs=near)
        if kind != pybullet.GEOM_MESH:
            assert abs(outer - inner) == pytest.approx(2 * hand.finger[1], abs=near)
        sides.append(np.sign(inner))
    assert sorted(sides) == [-1.0, 1.0]
    palm = pybullet.getJointInfo(scene.arm, scene.joints[-1], physicsClientId=scene.client)[16]  # the finger's parent
    low, high = (corner - at for corner in extent(scene, scene.arm, palm))
    kind = pybullet.getCollisionShapeData(scene.arm, palm, physicsClientId=scene.client)[0][2]
    near = 0.005 if kind == pybullet.GEOM_MESH else 0.0011  # and 1 mm around a box that is not at its centre of mass
    assert (high[0], high[1]) == pytest.approx(hand.palm, abs=near)
    assert (-low[0], -low[1]) == pytest.approx(hand.palm, abs=near)
    scene.close()


def test_robot_description_agrees_with_the_kinematics(scene: BulletScene) -> None:
    scene.show(snapshot(FETCH))
    infos = [pybullet.getJointInfo(scene.arm, joint, physicsClientId=scene.client) for joint in scene.joints[:7]]
    assert tuple(info[1].decode() for info in infos) == FETCH.arm_joints == FETCH.all_joints[: len(FETCH.arm_joints)]
    limited = np.isfinite(FETCH.lower)
    np.testing.assert_allclose(np.array([info[8] for info in infos])[limited], FETCH.lower[limited])
    np.testing.assert_allclose(np.array([info[9] for info in infos])[limited], FETCH.upper[limited])
    np.testing.assert_allclose([info[11] for info in infos], FETCH.speed)

    links = [
        pybullet.getJointInfo(scene.arm, joint, physicsClientId=scene.client)[12].decode()
        for joint in range(pybullet.getNumJoints(scene.arm, physicsClientId=scene.client))
    ]
    arm = np.random.default_rng(0).uniform(-1.0, 1.0, len(FETCH.arm_joints))
    for joint, angle in zip(scene.joints, arm, strict=False):
        pybullet.resetJointState(scene.arm, joint, angle, physicsClientId=scene.client)
    state = pybullet.getLinkState(
        scene.arm, links.index("gripper_link"), computeForwardKinematics=True, physicsClientId=scene.client
    )
    approach = np.array(pybullet.getMatrixFromQuaternion(state[5])).reshape(3, 3)[:, 0]
    grasp = np.array(state[4]) + 0.015 * approach
    np.testing.assert_allclose(FETCH.kinematics.forward(arm, FETCH.lift).position, grasp, atol=1e-6)
