"""The size of the blocks is told by the fingers that hold them, and a policy is shown blocks of the size it knows."""

import numpy as np
import pytest

from osil.core import Action, Observation
from osil.data.demonstrate import demonstrate
from osil.data.teachers import make_teacher
from osil.demonstrations.block_scale import BlockScale
from osil.experts.stacking import ExpertConfig
from osil.robots.robot import load_robot
from osil.tasks.block_size import shown_size
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL
from osil.worlds.conditions import Conditions
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch")

TASK = StackingTask.parse("ab +c")


@pytest.mark.parametrize("teacher", ["expert", "human"])
@pytest.mark.parametrize("size", [0.7, 1.0, 1.4])
def test_fingers_tell_the_size(teacher, size):
    rng, conditions = np.random.default_rng(0), Conditions(size=size)
    robot = FETCH.opened_for(conditions.blocks)
    knows = ExpertConfig(robot.gripper, blocks=conditions.blocks)
    with make_world("pybullet", robot, 3, rng, conditions) as world:
        scene = FETCH.table.random_scene(3, rng, conditions.blocks)
        shown, _ = demonstrate(world, [TASK], scene[None], make_teacher(teacher, [TASK], rng, knows))
    assert shown_size(shown[0].observations) == pytest.approx(conditions.blocks.size, abs=0.0006)


def test_there_and_back():
    scale = BlockScale(
        np.array([NOMINAL.size, 1.1 * NOMINAL.size]), np.array([NOMINAL.size, 1.1 * NOMINAL.size + 0.001])
    )
    tower = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -NOMINAL.size]])
    observation = Observation(np.stack([tower, 1.1 * tower]), 0.005 + scale.width, np.zeros((2, 2)))
    seen = scale.shrink(observation)
    np.testing.assert_allclose(seen.block_positions, [tower, tower])
    np.testing.assert_allclose(seen.gripper_opening, NOMINAL.size + 0.005)
    action = Action(np.full((2, 3), 0.01), np.array([True, False]), np.zeros(2))
    np.testing.assert_allclose(scale.grow(action).displacement[:, 0], [0.01, 0.011])
