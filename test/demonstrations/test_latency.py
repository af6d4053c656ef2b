"""A demonstration tells how late the arm acts, and a policy that knows answers what it will see by then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osil.core import Action, Demonstration, Observation, Scene
from osil.data.demonstrate import demonstrate
from osil.data.teachers import make_teacher
from osil.demonstrations.latency import MOST, LatencyMeter, UnderWay, latency_shown
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.geometry import wrap_cube_yaw
from osil.policies.stacking import StackingPolicy
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.latency import LateWorld
from osil.worlds.make_world import make_world
from osil.worlds.tracker import TrackerConfig

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)

TASK = StackingTask.parse("ab +c")

Shown = Demonstration[Observation, Action]


def demonstration(teacher: str = "expert", conditions: Conditions | None = None, task: StackingTask = TASK) -> Shown:
    rng, conditions = np.random.default_rng(0), conditions or Conditions()
    with make_world("pybullet", FETCH, task.num_blocks, rng, conditions) as world:
        scene = FETCH.table.random_scene(task.num_blocks, rng)
        shown, _ = demonstrate(world, [task], scene[None], make_teacher(teacher, [task], rng, EXPERT))
    return shown[0]


@pytest.mark.parametrize("teacher", ["expert", "human"])
@pytest.mark.parametrize("latency", [0, 1, 2])
@pytest.mark.parametrize("noise", [0.0, 0.002])
def test_a_demonstration_tells_the_latency(teacher: str, latency: int, noise: float) -> None:
    assert (
        latency_shown(demonstration(teacher, Conditions(latency=latency, tracker=TrackerConfig(noise=noise))))
        == latency
    )


def test_two_blocks_are_enough() -> None:
    assert latency_shown(demonstration(conditions=Conditions(latency=1), task=StackingTask.parse("ab"))) == 1


def test_an_arm_guided_by_hand_is_taken_to_act_at_once() -> None:
    shown = demonstration(conditions=Conditions(latency=2))
    nothing = Action(np.zeros((len(shown), 3)), shown.actions.close_gripper)
    assert latency_shown(Demonstration(shown.observations, nothing)) == 0
    assert latency_shown(shown[: MOST + 1]) == 0


def test_what_is_under_way_is_foreseen() -> None:
    """In two worlds, one of which acts late: both are seen as they will be, up to the limits on acceleration."""
    rng, late = np.random.default_rng(0), np.array([1, 0])
    world = LateWorld(KinematicWorld(rng, FETCH), late)
    scene = FETCH.table.random_scene(3, rng)
    twice = Scene.stack([scene, scene])
    seen = world.reset(twice)
    under_way = UnderWay()
    slow = Action(np.tile([0.004, -0.003, 0.002], (2, 1)), np.zeros(2, dtype=bool), np.full(2, 0.03))
    for _ in range(3):
        foreseen = under_way.anticipate(seen, late, np.ones(2))
        np.testing.assert_array_equal(foreseen.block_positions[1], seen.block_positions[1])
        under_way.add(slow)
        seen = world.step(slow)
        np.testing.assert_allclose(seen.block_positions[0], foreseen.block_positions[0], atol=1e-6)
        np.testing.assert_allclose(wrap_cube_yaw(seen.block_yaws - foreseen.block_yaws)[0], 0.0, atol=1e-6)


def test_what_is_held_is_taken_along() -> None:
    under_way, late, whole = UnderWay(), np.array([1]), np.array([1.0])
    under_way.add(Action(np.array([[0.0, 0.0, 0.01]]), np.array([True])))
    held = Observation(np.array([[[0.0, 0.0, 0.0], [0.2, 0.0, -0.1]]]), np.array([0.040]))
    foreseen = under_way.anticipate(held, late, whole)
    np.testing.assert_allclose(foreseen.block_positions, [[[0.0, 0.0, 0.0], [0.2, 0.0, -0.11]]])
    open_fingers = Observation(held.block_positions, np.array([0.066]))
    np.testing.assert_allclose(under_way.anticipate(open_fingers, late, whole).block_positions[0, 0], [0.0, 0.0, -0.01])


@pytest.mark.parametrize("noise", [0.0, 0.002])
@pytest.mark.parametrize("believed", range(MOST))
def test_the_latency_is_measured_while_acting(believed: int, noise: float) -> None:
    rng, late = np.random.default_rng(0), np.arange(MOST)
    world = LateWorld(KinematicWorld(rng, FETCH), late)
    task = StackingTask.parse("abc")
    seen = world.reset(Scene.stack([FETCH.table.random_scene(3, rng) for _ in late]))
    expert, meter = StackingExpert([task] * len(late), EXPERT), LatencyMeter(np.full(len(late), believed))
    for step in range(120):
        noisy = replace(seen, block_positions=seen.block_positions + rng.normal(0.0, noise, seen.block_positions.shape))
        meter.look(noisy)
        action = expert.act(seen)
        meter.add(action)
        seen = world.step(action)
        if step >= 30:
            assert meter.latency.tolist() == late.tolist()


@pytest.mark.parametrize("noise", [0.0, 0.002])
@pytest.mark.parametrize("slowed", [1.0, 0.6, 0.36])
def test_it_is_measured_by_how_much_the_arm_is_slowed_down(slowed: float, noise: float) -> None:
    """As by the safety gate on a robot: all motion by the same factor, while it acts late."""
    rng, late = np.random.default_rng(0), np.arange(MOST)
    world = LateWorld(KinematicWorld(rng, FETCH), late)
    task = StackingTask.parse("abc")
    seen = world.reset(Scene.stack([FETCH.table.random_scene(3, rng) for _ in late]))
    expert, meter = StackingExpert([task] * len(late), EXPERT), LatencyMeter(np.zeros(len(late), dtype=int))
    for step in range(120):
        noisy = replace(seen, block_positions=seen.block_positions + rng.normal(0.0, noise, seen.block_positions.shape))
        meter.look(noisy)
        action = expert.act(seen)
        meter.add(action)
        seen = world.step(Action(slowed * action.displacement, action.close_gripper, slowed * action.yaw_step))
        if step >= 30:
            np.testing.assert_allclose(meter.share, slowed, atol=0.05)
            unsure = int(slowed < 0.5)  # a step of a slow arm is a short way
            np.testing.assert_allclose(meter.latency, late, atol=unsure)


def test_the_policy_takes_the_latency_from_its_demonstration() -> None:
    policy = StackingPolicy.load(resource_path("models", "stacking"))
    policy.reset_batch([demonstration(), demonstration(conditions=Conditions(latency=1))], [0, 1])
    assert policy.latency.tolist() == [0, 1]
