"""The contact-physics world: what it observes, and that blocks are held and stacked by friction and weight alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from osil.core import Action, Scene
from osil.errors import SceneError
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.pybullet import PyBulletWorld

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


def test_bad_input_is_refused(world: PyBulletWorld) -> None:
    with pytest.raises(SceneError, match="5 blocks"):
        world.reset(tower(4))
    with pytest.raises(SceneError, match="finite"):
        world.reset(Scene(np.full((5, 3), np.nan), np.zeros(5)))
