"""Judges reaching policies: a fresh demonstration, then the policy in another scene, and is it there at the end?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from osil.core import BoolArray, FloatArray, Policy
from osil.data.reaching import Trajectories, collect
from osil.evaluation.intervals import wilson
from osil.evaluation.versions import versions
from osil.policies.reaching import ReachingPolicy
from osil.rollout import Recorder, rollout
from osil.seeds import generator
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation, reached
from osil.worlds.particle import ParticleWorld

BatchPolicy = Policy[ParticleObservation, ParticleAction]

BATCH = 1000
"""Episodes that run side by side."""


def success(policy: BatchPolicy, shown: Trajectories, scenes: ParticleObservation) -> BoolArray:
    """Show each trajectory, let the policy act in each scene: ``[N]`` whether it stopped on the landmark shown."""
    arena = Arena()
    world = ParticleWorld(arena)
    policy.reset_batch(shown.demonstrations(), [0] * len(shown))
    rollout(world, policy, world.reset(scenes), arena.episode_steps)
    return reached(world.scene, shown.targets)


def seen_success(policy: BatchPolicy, data: Trajectories, episodes: int, rng: np.random.Generator) -> BoolArray:
    """Outcomes ``[episodes]`` of training demonstrations in starting scenes of other training trajectories."""
    shown = np.arange(episodes) % len(data)
    return success(policy, data[shown], data.starts[data.of_same_task(shown, 1, rng)[:, 0]])


def paths(policy: BatchPolicy, shown: Trajectories, scenes: ParticleObservation) -> FloatArray:
    """As ``success``, but returns where the robots went: ``[T, N, 2]`` metres."""
    arena = Arena()
    world = ParticleWorld(arena)
    policy.reset_batch(shown.demonstrations(), [0] * len(shown))
    recorder = Recorder[ParticleObservation, ParticleAction]()
    rollout(world, policy, world.reset(scenes), arena.episode_steps, [recorder])
    return np.concatenate([recorder.trajectory()[0].robot_position, world.scene.robot_position[None]])


def rate(outcomes: BoolArray) -> dict[str, Any]:
    """``episodes``, ``successes``, ``rate`` and ``wilson_95`` of ``[N]`` outcomes."""
    successes, episodes = int(outcomes.sum()), len(outcomes)
    return {
        "episodes": episodes,
        "successes": successes,
        "rate": successes / episodes,
        "wilson_95": list(wilson(successes, episodes)),
    }


def unseen_success(policy: BatchPolicy, num_landmarks: int, episodes: int, seed: int) -> BoolArray:
    """Outcomes ``[episodes]`` on demonstrations and scenes of the test stream, which no training run has seen."""
    outcomes: list[BoolArray] = []
    for batch, start in enumerate(range(0, episodes, BATCH)):
        count = min(BATCH, episodes - start)
        rng = generator("test", seed, num_landmarks, batch)
        shown = collect(count, num_landmarks, rng)
        outcomes.append(success(policy, shown, Arena().random_scenes(count, num_landmarks, rng)))
    return np.concatenate(outcomes)


def evaluate_reaching(model: str | Path, num_landmarks: int, episodes: int, seed: int = 0) -> dict[str, Any]:
    """Judge a model: every episode has a fresh demonstration by the expert and a new random scene.

    Returns:
        ``model``, ``world``, ``landmarks``, ``seed``, ``all`` (see ``rate``), ``limits`` and ``versions``, ready for
        JSON.

    Raises:
        ModelError: the model cannot be loaded.
        DemonstrationError: the model is built for another number of landmarks.
    """
    policy = ReachingPolicy.load(model)
    arena = Arena()
    return {
        "model": policy.info,
        "world": "particle",
        "landmarks": num_landmarks,
        "seed": seed,
        "all": rate(unseen_success(policy, num_landmarks, episodes, seed)),
        "limits": {"control_period_seconds": arena.control_period, "control_steps": arena.episode_steps},
        "versions": versions(),
    }


def lines(rows: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Named rates as lines of text for a person."""
    text = [f"{'':28}{'episodes':>9}{'success':>9}   Wilson 95 %"]
    for name, one in rows:
        low, high = one["wilson_95"]
        text.append(f"{name:28}{one['episodes']:>9}{one['rate']:>9.1%}   {low:.1%} to {high:.1%}")
    return "\n".join(text)
