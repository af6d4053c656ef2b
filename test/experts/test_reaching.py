"""The scripted expert of particle reaching."""

from __future__ import annotations

import numpy as np
import pytest

from osil.data.reaching import NOISE, collect
from osil.experts.reaching import ReachingExpert
from osil.rollout import rollout
from osil.tasks.particle_reaching import Arena, ParticleObservation, reached
from osil.worlds.particle import ParticleWorld


@pytest.mark.parametrize("noise", [0.0, NOISE])
def test_every_one_of_10000_episodes_succeeds(noise: float) -> None:
    trajectories = collect(10_000, 10, np.random.default_rng(0), noise)
    assert reached(trajectories.outcome, trajectories.targets).all()
    assert set(trajectories.targets) == set(range(10))


def test_it_recovers_from_any_state() -> None:
    """It is a function of the present state alone, so it can label states that no trajectory visits."""
    rng = np.random.default_rng(0)
    arena = Arena()
    scenes = arena.random_scenes(1000, 5, rng)
    fast = ParticleObservation(scenes.landmark_positions, scenes.robot_position, rng.uniform(-1.5, 1.5, (1000, 2)))
    targets = rng.integers(5, size=1000)
    world = ParticleWorld(arena)
    rollout(world, ReachingExpert(targets), world.reset(fast), arena.episode_steps)
    assert reached(world.scene, targets).all()
