"""One-shot imitation in under a minute: how often the shipped policies get it right, and a film of one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from osil.data.reaching import collect
from osil.evaluation.reaching import lines, paths, rate, unseen_success
from osil.figures.reaching import NAMES, film_reaching
from osil.policies.reaching import ReachingPolicy
from osil.resources import resource_path
from osil.seeds import generator
from osil.tasks.particle_reaching import Arena

LANDMARKS = 10
"""The shipped policies are trained, and shown here, among so many landmarks."""

_SCENES = 5


def show(architecture: str, episodes: int, seed: int, output: Path) -> str:
    """Judge the shipped policies, film one of them, and return the numbers as text.

    Args:
        architecture: of the policy in the film, a key of ``osil.figures.reaching.NAMES``.
        episodes: for each policy.
        seed: chooses demonstrations and scenes.
        output: an .mp4 or .gif file: one demonstration, and the policy in other scenes.
    """
    rows = []
    for name, title in NAMES.items():
        policy = ReachingPolicy.load(resource_path("models", "particle", name))
        rows.append((title, rate(unseen_success(policy, LANDMARKS, episodes, seed))))
    film(architecture, seed, output)
    return lines(rows)


def film(architecture: str, seed: int, output: Path) -> None:
    """Film one demonstration and what the policy makes of it in several other scenes."""
    rng = generator("demonstrate", seed)
    shown = collect(1, LANDMARKS, rng)
    scenes = Arena().random_scenes(_SCENES, LANDMARKS, rng)
    policy = ReachingPolicy.load(resource_path("models", "particle", architecture))
    imitated = paths(policy, shown[np.zeros(_SCENES, dtype=int)], scenes)
    demonstrated = shown.observations.robot_position[0]
    waiting = np.repeat(demonstrated[-1:], len(imitated) - len(demonstrated), axis=0)
    film_reaching(
        np.concatenate([shown.starts.landmark_positions, scenes.landmark_positions]),
        np.concatenate([np.concatenate([demonstrated, waiting])[:, None], imitated], axis=1),
        np.repeat(shown.targets, 1 + _SCENES),
        output,
    )
