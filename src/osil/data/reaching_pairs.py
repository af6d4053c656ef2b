"""Training batches of particle reaching: demonstrations, and states of the same tasks with the expert's forces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray
from osil.data.reaching import Trajectories, collect
from osil.errors import ConfigError
from osil.experts.reaching import ReachingExpert
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation

POOL = 8192
"""Trajectories that FreshPairs draws at a time: enough that drawing costs little, used once as demonstrations."""


@dataclass(frozen=True)
class ReachingSampling:
    """What a batch holds.

    Attributes:
        trajectories: size of a training set that is collected once (10,000 in the paper), or 0 for demonstrations
            that are fresh in every batch.
        demonstrations: M, demonstrations in a batch.
        observations: N, states for each of them.
        frames: K, frames of a demonstration that are read.
        early: of a fixed training set, states at step t of a trajectory are drawn in proportion to
            ``exp(-early t)``: early ones show best whether the demonstration was understood, see FreshPairs.

    Raises:
        ConfigError: a number is out of range.
    """

    trajectories: int = 10_000
    demonstrations: int = 64
    observations: int = 16
    frames: int = 12
    early: float = 0.0

    def __post_init__(self) -> None:
        if min(self.trajectories, self.early) < 0 or min(self.demonstrations, self.observations, self.frames) < 1:
            raise ConfigError(f"{self}: expected trajectories and early >= 0 and the others >= 1")


@dataclass(frozen=True, eq=False)
class ReachingBatch:
    """M demonstrations of K frames, and N states for each with what the expert does there.

    Attributes:
        frames, forces: of the demonstrations, leading ``[M, K]``.
        states, labels: leading ``[M, N]``.
    """

    frames: ParticleObservation
    forces: ParticleAction
    states: ParticleObservation
    labels: ParticleAction


def evenly_spaced(length: int, count: int) -> np.ndarray:
    """``count`` time steps of a demonstration of ``length`` steps, first and last included: ``[count]`` indices."""
    return np.round(np.linspace(length - 1, 0, count)[::-1]).astype(np.int64)


class FixedPairs:
    """As in the paper: a set of trajectories, collected once, is both what is shown and what is imitated.

    A batch pairs each demonstration with states from other trajectories of the same task (section 3.3).
    """

    def __init__(self, trajectories: Trajectories, sampling: ReachingSampling, rng: np.random.Generator) -> None:
        self._data, self._sampling, self._rng = trajectories, sampling, rng
        steps = trajectories.actions.force.shape[1]
        self._frames = evenly_spaced(steps, sampling.frames)
        weights = np.exp(-sampling.early * np.arange(steps))
        self._step_probability = weights / weights.sum()

    def batch(self) -> ReachingBatch:
        """Draw a batch, with replacement."""
        s, data, rng = self._sampling, self._data, self._rng
        shown = rng.integers(len(data), size=s.demonstrations)
        same = data.of_same_task(shown, s.observations, rng)
        step = rng.choice(len(self._step_probability), same.shape, p=self._step_probability)
        rows = shown[:, None], self._frames
        return ReachingBatch(
            data.observations[rows], data.actions[rows], data.observations[same, step], data.actions[same, step]
        )


class FreshPairs:
    """The better recipe: no demonstration is shown twice, and states are random, not taken from expert trajectories.

    On the way to a landmark a robot's velocity says where it is going, so a network that imitates trajectories can
    read its goal from the state and need not look at the demonstration; the expert's answers to random states leave it
    no other way. Random frames of the demonstration are kept, always with the last one, so that its pace means nothing.
    """

    def __init__(
        self, num_landmarks: int, sampling: ReachingSampling, rng: np.random.Generator, arena: Arena | None = None
    ) -> None:
        self._num_landmarks, self._sampling, self._rng = num_landmarks, sampling, rng
        self._arena = arena or Arena()
        self._used = POOL

    def batch(self) -> ReachingBatch:
        """Draw a batch."""
        s, rng = self._sampling, self._rng
        if self._used + s.demonstrations > POOL:
            self._pool = collect(POOL, self._num_landmarks, rng, arena=self._arena)
            self._used = 0
        shown = np.arange(self._used, self._used + s.demonstrations)[:, None]
        self._used += s.demonstrations
        frames = self._random_frames()
        states, targets = self._random_states(self._pool.targets[shown])
        labels = ReachingExpert(targets, self._arena).act(states)
        return ReachingBatch(self._pool.observations[shown, frames], self._pool.actions[shown, frames], states, labels)

    def _random_frames(self) -> np.ndarray:
        """``[M, K]`` ascending time steps, the last one always among them."""
        s, last = self._sampling, self._arena.demonstration_steps - 1
        order = self._rng.random((s.demonstrations, last)).argsort(-1)[:, : s.frames - 1]
        return np.sort(np.append(order, np.full((s.demonstrations, 1), last), axis=-1), axis=-1)

    def _random_states(self, targets: np.ndarray) -> tuple[ParticleObservation, np.ndarray]:
        """Scenes with the robot anywhere at any velocity, half of them near the target, and ``[M, N]`` targets."""
        s, rng = self._sampling, self._rng
        shape = s.demonstrations, s.observations
        scenes = self._pool.outcome.landmark_positions[rng.integers(POOL, size=shape)]
        landmarks = _shuffled(scenes, rng)
        targets = np.broadcast_to(targets, shape)
        goal = np.take_along_axis(landmarks, targets[..., None, None], axis=-2)[..., 0, :]
        edge = 1.1 * self._arena.half_size
        anywhere = rng.uniform(-edge, edge, (*shape, 2))
        near = goal + 0.5 * self._spread(shape)
        position = np.where(rng.random((*shape, 1)) < 0.5, near, anywhere)
        return ParticleObservation(landmarks, position, self._spread(shape)), targets

    def _spread(self, shape: tuple[int, int]) -> FloatArray:
        """Vectors ``[*shape, 2]`` of all sizes up to a few units, small ones most often."""
        result: FloatArray = self._rng.random((*shape, 1)) * self._rng.normal(size=(*shape, 2))
        return result


def _shuffled(landmarks: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Landmarks ``[..., L, 2]`` in another order in each scene."""
    order = rng.random(landmarks.shape[:-1]).argsort(-1)
    return np.take_along_axis(landmarks, order[..., None], axis=-2)
