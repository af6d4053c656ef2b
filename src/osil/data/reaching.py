"""Expert trajectories of particle reaching, thousands at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.arrays import Arrays
from osil.core import Demonstration
from osil.experts.reaching import ReachingExpert
from osil.rollout import Recorder, rollout
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation
from osil.worlds.particle import ParticleWorld

NOISE = 0.1
"""Noise on the expert's actions, see ParticleWorld: as much as leaves it successful in all of 10,000 episodes."""


@dataclass(frozen=True, eq=False)
class Trajectories(Arrays):
    """N expert trajectories of T steps.

    Attributes:
        observations: leading ``[N, T]``.
        actions: the expert's action at each observation, leading ``[N, T]``, before any noise.
        targets: ``[N]`` index of the landmark that each trajectory reaches.
        outcome: the scenes after the last step, leading ``[N]``.
    """

    observations: ParticleObservation
    actions: ParticleAction
    targets: np.ndarray
    outcome: ParticleObservation

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def starts(self) -> ParticleObservation:
        """The scenes in which the trajectories begin, leading ``[N]``."""
        return self.observations[:, 0]

    def of_same_task(self, shown: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Indices ``[M, count]`` of trajectories that reach the same landmarks as those of ``shown`` ``[M]``."""
        by_target = [np.nonzero(self.targets == target)[0] for target in range(self.targets.max() + 1)]
        return np.stack([rng.choice(by_target[target], count) for target in self.targets[shown]])

    def demonstrations(self) -> list[Demonstration[ParticleObservation, ParticleAction]]:
        """Each trajectory as a demonstration."""
        return [Demonstration(self.observations[i], self.actions[i]) for i in range(len(self))]


def collect(
    count: int, num_landmarks: int, rng: np.random.Generator, noise: float = NOISE, arena: Arena | None = None
) -> Trajectories:
    """Let the expert reach a random landmark in each of ``count`` random scenes."""
    arena = arena or Arena()
    targets = rng.integers(num_landmarks, size=count)
    world = ParticleWorld(arena, noise, rng)
    recorder = Recorder[ParticleObservation, ParticleAction]()
    start = world.reset(arena.random_scenes(count, num_landmarks, rng))
    rollout(world, ReachingExpert(targets, arena), start, arena.demonstration_steps, [recorder])
    observations, actions = recorder.trajectory()
    return Trajectories(observations.map(_time_second), actions.map(_time_second), targets, world.scene)


def _time_second(array: np.ndarray) -> np.ndarray:
    """``[T, N, ...]`` as ``[N, T, ...]``."""
    return np.swapaxes(array, 0, 1)
