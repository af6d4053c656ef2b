"""A late world does what the same world would do, had everything been chosen so much later."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Action, Observation
from osil.data.kinematic_episodes import scenes
from osil.robots.robot import load_robot
from osil.worlds.conditions import Conditions
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.latency import LateWorld
from osil.worlds.make_world import make_world
from osil.worlds.stacking_world import StackingWorld

STEPS = 12

FETCH = load_robot("fetch")


def actions(count: int) -> list[Action]:
    rng = np.random.default_rng(1)
    return [
        Action(rng.normal(0.0, 0.01, (count, 3)), rng.random(count) < 0.5, rng.normal(0.0, 0.03, count))
        for _ in range(STEPS)
    ]


def seen(world: StackingWorld, count: int, waiting: int = 0) -> Observation:
    """All that is seen, leading ``[T, N]``, where the gripper first rests for ``waiting`` steps."""
    idle = Action(np.zeros((count, 3)), np.zeros(count, dtype=bool))
    first = world.reset(scenes(FETCH.table, count, 3, np.random.default_rng(2)))
    chosen = ([idle] * waiting + actions(count))[:STEPS]
    return Observation.stack([first, *(world.step(action) for action in chosen)])


def same(one: Observation, other: Observation) -> bool:
    return all(np.array_equal(array, getattr(other, name)) for name, array in vars(one).items())


def test_each_of_many_worlds_has_its_own_latency() -> None:
    steps = np.array([0, 3, 1, 7])
    late = seen(LateWorld(KinematicWorld(np.random.default_rng(0), FETCH), steps), 4)
    for row, latency in enumerate(steps):
        plain = seen(KinematicWorld(np.random.default_rng(0), FETCH), 4, waiting=latency)
        assert same(late[:, row], plain[:, row])


def test_a_reset_forgets_what_was_under_way() -> None:
    world = LateWorld(KinematicWorld(np.random.default_rng(0), FETCH), np.full(2, 5))
    seen(world, 2)
    first = world.reset(scenes(FETCH.table, 2, 3, np.random.default_rng(2)))
    after = world.step(actions(2)[0])
    np.testing.assert_allclose(after.block_positions, first.block_positions, atol=1e-9)


@pytest.mark.parametrize("latency", [0, 2])
def test_latency_is_a_condition_of_contact_physics(latency: int) -> None:
    with (
        make_world("pybullet", FETCH, 3, np.random.default_rng(0), Conditions(latency=latency)) as late,
        make_world("pybullet", FETCH, 3, np.random.default_rng(0)) as plain,
    ):
        assert same(seen(late, 1), seen(plain, 1, waiting=latency))
