"""Behind the safety gate an arm is as slow as on a robot, and a policy finds that out and is not misled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from osil.core import CONTROL_PERIOD, Action
from osil.data.demonstrate import demonstrate
from osil.errors import ConfigError
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.policies.stacking import StackingPolicy
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions
from osil.worlds.gated import GatedWorld
from osil.worlds.judge import Judge
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch")
MAX_SPEED = 0.25
TASK = StackingTask.parse("abcde")


@pytest.fixture
def world() -> Iterator[GatedWorld]:
    world = GatedWorld(MAX_SPEED, FETCH, TASK.num_blocks)
    world.reset(FETCH.table.random_scene(TASK.num_blocks, np.random.default_rng(3)))
    yield world
    world.close()


def test_the_gripper_is_no_faster_and_moves_its_share(world: GatedWorld) -> None:
    begun, _ = world.hand()
    places = [begun.position]
    for _ in range(20):
        world.step(Action(np.array([0.0, 0.01, 0.0]), np.array(False)))
        places.append(world.hand()[0].position)
    speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) / CONTROL_PERIOD
    share = MAX_SPEED * CONTROL_PERIOD / FETCH.limits.max_step
    assert speeds.max() < MAX_SPEED
    assert speeds[-5:] * CONTROL_PERIOD == pytest.approx(0.01 * share, rel=0.15)


def test_fingers_close_and_open(world: GatedWorld) -> None:
    still = np.zeros(3)
    for close, opening in ((True, 0.0), (False, FETCH.gripper.opening)):
        for _ in range(40):
            world.step(Action(still, np.array(close)))
        assert world.hand()[1] == pytest.approx(opening, abs=0.005)


def test_a_policy_is_not_misled_by_how_slow_the_arm_is() -> None:
    """It has seen a demonstration at full speed. Who takes the arm to have moved as told finishes nothing here."""
    rng = np.random.default_rng(1)
    with make_world("pybullet", FETCH, TASK.num_blocks, rng) as teaching:
        scene = FETCH.table.random_scene(TASK.num_blocks, rng)
        (shown,), _ = demonstrate(teaching, [TASK], scene[None])
    policy = StackingPolicy.load(resource_path("models", "stacking"))
    policy.reset_batch([shown], [0])
    config = EvaluationConfig(conditions=Conditions(max_speed=MAX_SPEED))
    with make_world("pybullet", FETCH, TASK.num_blocks, rng, config.conditions) as world:
        judge = Judge([TASK], FETCH, config.patience)
        observation = world.reset(FETCH.table.random_scene(TASK.num_blocks, rng)[None])
        rollout(world, policy, observation, judge.max_steps, [judge])
    assert judge.succeeded.all()


@pytest.mark.parametrize("speed", [0.0, -1.0, 3.0, float("nan")])
def test_a_speed_that_no_arm_is_slowed_to_is_refused(speed: float) -> None:
    with pytest.raises(ConfigError, match="max_speed"):
        Conditions(max_speed=speed)
