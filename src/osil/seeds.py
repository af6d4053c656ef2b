"""Where randomness starts. Training and testing can never share a random stream, whatever the seeds."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

Purpose = Literal["train", "test", "demonstrate"]
"""``train`` learns (and validates during learning), ``test`` judges, ``demonstrate`` is for shows and trials."""


def generator(purpose: Purpose, seed: int, *key: int) -> np.random.Generator:
    """A random stream of its own for each purpose, seed and key.

    The purpose is part of numpy's spawn key, so that seed 0 of a test is not seed 0 of a training run.

    Args:
        purpose: what the randomness is for.
        seed: chosen by the user, at least 0.
        key: further numbers (episode, worker, attempt ...), each at least 0.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(get_args(Purpose).index(purpose), *key)))
