"""The contact-physics world: what it observes, and that blocks are held and stacked by friction and weight alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pybullet
import pytest

from osil.core import Action, Scene
from osil.errors import ObservationError, SceneError
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.figures.render import Camera, SceneRenderer
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.robots.sensing import cube_yaws
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.pybullet import PyBulletWorld, TrackerNoise

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)

TOP = FETCH.table.height


@pytest.fixture
def world() -> Iterator[PyBulletWorld]:
    """Five blocks; the gripper starts over the middle of the table."""
    world = PyBulletWorld(FETCH, 5)
    yield world
    world.close()


def tower(count: int = 5) -> Scene:
    heights = TOP + NOMINAL.size * (np.arange(count) + 0.5)
    return Scene(np.stack([np.full(count, 0.6), np.full(count, 0.2), heights], axis=-1), np.linspace(-0.2, 0.2, count))


def moved(displacement: tuple[float, float, float], close: bool = False, yaw_step: float = 0.0) -> Action:
    return Action(np.array(displacement), np.array(close), np.array(yaw_step))


def test_robot_description_agrees_with_the_kinematics(world: PyBulletWorld) -> None:
    world.reset(tower())
    bodies = world.simulation.bodies
    infos = [pybullet.getJointInfo(bodies.arm, joint, physicsClientId=bodies.client) for joint in bodies.joints[:7]]
    assert tuple(info[1].decode() for info in infos) == FETCH.arm_joints == FETCH.all_joints[: len(FETCH.arm_joints)]
    limited = np.isfinite(FETCH.lower)
    np.testing.assert_allclose(np.array([info[8] for info in infos])[limited], FETCH.lower[limited])
    np.testing.assert_allclose(np.array([info[9] for info in infos])[limited], FETCH.upper[limited])
    np.testing.assert_allclose([info[11] for info in infos], FETCH.speed)

    links = [
        pybullet.getJointInfo(bodies.arm, joint, physicsClientId=bodies.client)[12].decode()
        for joint in range(pybullet.getNumJoints(bodies.arm, physicsClientId=bodies.client))
    ]
    arm = np.random.default_rng(0).uniform(-1.0, 1.0, len(FETCH.arm_joints))
    for joint, angle in zip(bodies.joints, arm, strict=False):
        pybullet.resetJointState(bodies.arm, joint, angle, physicsClientId=bodies.client)
    state = pybullet.getLinkState(
        bodies.arm, links.index("gripper_link"), computeForwardKinematics=True, physicsClientId=bodies.client
    )
    approach = np.array(pybullet.getMatrixFromQuaternion(state[5])).reshape(3, 3)[:, 0]
    grasp = np.array(state[4]) + 0.015 * approach
    np.testing.assert_allclose(FETCH.kinematics.forward(arm, FETCH.lift).position, grasp, atol=1e-6)


def test_blocks_are_observed_in_the_turned_gripper_frame(world: PyBulletWorld) -> None:
    scene = tower()
    world.reset(scene)
    for _ in range(10):
        observation = world.step(moved((0.01, 0.0, 0.0), yaw_step=0.08))
    gripper = FETCH.kinematics.forward(world.joint_positions()[: len(FETCH.arm_joints)], FETCH.lift)
    assert gripper.yaw == pytest.approx(0.8, abs=0.02)
    c, s = np.cos(gripper.yaw), np.sin(gripper.yaw)
    x, y, z = observation.block_positions.T
    back = np.stack([c * x - s * y, s * x + c * y, z], axis=-1) + gripper.position
    np.testing.assert_allclose(back, scene.block_positions, atol=1e-3)
    assert (np.abs(observation.block_yaws) <= np.pi / 4 + 1e-9).all()
    turn = (observation.block_yaws + gripper.yaw - scene.block_yaws) / (np.pi / 2)
    np.testing.assert_allclose(turn, np.round(turn), atol=0.01)
    assert observation.gripper_opening == pytest.approx(FETCH.gripper.opening, abs=1e-3)


def test_the_yaw_of_a_cube_does_not_depend_on_the_face_it_lies_on() -> None:
    turn = pybullet.getQuaternionFromEuler((0.0, 0.0, 0.3))
    for face in ((0, 0, 0), (np.pi / 2, 0, 0), (0, np.pi / 2, 0), (np.pi, 0, 0), (0, -np.pi / 2, np.pi / 2)):
        rolled = pybullet.multiplyTransforms((0, 0, 0), turn, (0, 0, 0), pybullet.getQuaternionFromEuler(face))[1]
        assert cube_yaws(np.array(rolled)) == pytest.approx(0.3, abs=1e-6)


def test_tower_of_five_stands(world: PyBulletWorld) -> None:
    scene = tower()
    world.reset(scene)
    for _ in range(100):
        world.step(moved((0.0, 0.0, 0.0)))
    np.testing.assert_allclose(world.scene.block_positions, scene.block_positions, atol=1e-3)


def test_expert_lifts_by_friction_and_stacks() -> None:
    task, rng = StackingTask.parse("abc +d"), np.random.default_rng(4)
    world = PyBulletWorld(FETCH, task.num_blocks, rng)
    heights = []

    class Watch:
        done = False

        def on_step(self, observation: object, action: Action, scene: Scene) -> None:
            heights.append(scene.block_positions[1, 2])
            self.done = bool(layout_reached(task, scene, NOMINAL)) and not action.close_gripper

    steps = rollout(world, StackingExpert(task, EXPERT), world.reset(FETCH.table.random_scene(4, rng)), 240, [Watch()])
    assert steps < 240
    assert max(heights) > TOP + 1.5 * NOMINAL.size
    world.close()


@pytest.mark.parametrize("close", [True, False])
def test_only_closed_fingers_lift(world: PyBulletWorld, close: bool) -> None:
    under_gripper = np.array([[0.6, 0.1 * block, TOP + 0.5 * NOMINAL.size] for block in range(5)])
    observation = world.reset(Scene(under_gripper, np.zeros(5)))
    while observation.block_positions[0, 2] < -0.002:
        observation = world.step(moved((0.0, 0.0, max(-0.02, 0.5 * observation.block_positions[0, 2]))))
    for _ in range(10):
        world.step(moved((0.0, 0.0, 0.0), close=close))
    for _ in range(10):
        world.step(moved((0.0, 0.0, 0.02), close=close))
    lifted = world.scene.block_positions[0, 2] - under_gripper[0, 2]
    assert lifted == pytest.approx(0.2 if close else 0.0, abs=0.01)


def test_reset_forgets_everything_and_repeats_exactly(world: PyBulletWorld) -> None:
    scene = tower()

    def episode() -> np.ndarray:
        seen = [world.reset(scene)]
        seen += [world.step(moved((0.0, 0.02, -0.02), close=step % 20 > 10)) for step in range(40)]
        return np.array([observation.block_positions for observation in seen])

    first = episode()
    np.testing.assert_allclose(episode(), first, atol=1e-9)


def test_the_noise_of_the_tracker_is_what_it_says() -> None:
    noisy = PyBulletWorld(FETCH, 2, np.random.default_rng(0), noise=TrackerNoise(position=0.002))
    noisy.reset(FETCH.table.random_scene(2, np.random.default_rng(6)))
    spread = np.std([noisy.observe().block_positions for _ in range(400)], axis=0)
    np.testing.assert_allclose(spread, 0.002, rtol=0.2)
    noisy.close()


def test_bad_input_is_refused(world: PyBulletWorld) -> None:
    with pytest.raises(SceneError, match="5 blocks"):
        world.reset(tower(4))
    with pytest.raises(SceneError, match="finite"):
        world.reset(Scene(np.full((5, 3), np.nan), np.zeros(5)))
    world.reset(tower())
    with pytest.raises(ObservationError, match="arm holds"):
        world.simulation.command_arm([np.nan] * len(FETCH.arm_joints))


@pytest.mark.parametrize(("joint", "target"), [(6, 1e308), (6, -1e9), (3, 1e308), (3, -2.5)])
def test_a_target_that_no_joint_reaches_is_refused_and_the_arm_goes_on(
    world: PyBulletWorld, joint: int, target: float
) -> None:
    """It would end the physics: infinite steps there and back make numbers that are not finite."""
    world.reset(tower())
    start = world.simulation.joint_states().positions[: len(FETCH.arm_joints)]
    wild = start.copy()
    wild[joint] = target
    with pytest.raises(ObservationError, match="arm holds"):
        world.simulation.command_arm(wild)
    world.simulation.command_arm(start)
    world.simulation.advance(30)
    np.testing.assert_allclose(world.simulation.joint_states().positions[: len(FETCH.arm_joints)], start, atol=0.01)


def test_a_picture_shows_the_blocks(world: PyBulletWorld) -> None:
    world.reset(tower())
    renderer = SceneRenderer(FETCH, 5, Camera(160, 120))
    shown = renderer.render(world.snapshot())
    world.reset(FETCH.table.random_scene(5, np.random.default_rng(8)))
    other = renderer.render(world.snapshot())
    assert shown.shape == (120, 160, 3)
    assert shown.dtype == np.uint8
    assert (shown != other).any()
    renderer.close()


def test_data_files_are_found() -> None:
    assert resource_path("urdf", "fetch.urdf").is_file()
    with pytest.raises(FileNotFoundError, match="expected in one of"):
        resource_path("urdf", "nothing.urdf")
