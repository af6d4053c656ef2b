"""Where randomness starts. Training and testing can never share a random stream, whatever the seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

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


class Streams:
    """A random stream for each of N worlds side by side, so that none of them depends on what the others draw.

    Args:
        each: N generators.
    """

    def __init__(self, each: Sequence[np.random.Generator]) -> None:
        self._each = list(each)

    @staticmethod
    def of(source: np.random.Generator | Streams, count: int) -> Streams:
        """What ``count`` worlds draw from: streams as they are, or one generator for all."""
        return source if isinstance(source, Streams) else _OneForAll([source] * count)

    def __len__(self) -> int:
        return len(self._each)

    def __getitem__(self, row: int) -> np.random.Generator:
        """The stream of one world."""
        return self._each[row]

    def take(self, rows: Iterable[int]) -> Streams:
        """The streams of some of the worlds."""
        return type(self)([self._each[row] for row in rows])

    def spawn(self) -> Streams:
        """New streams, which do not depend on how much has been drawn from these."""
        return Streams([rng.spawn(1)[0] for rng in self._each])

    def random(self) -> NDArray[np.float64]:
        """``[N]`` uniform in [0, 1)."""
        return np.array([rng.random() for rng in self._each])

    def uniform(self, low: float, high: float) -> NDArray[np.float64]:
        """``[N]`` uniform in [low, high)."""
        return low + (high - low) * self.random()

    def standard_normal(self, *shape: int) -> NDArray[np.float64]:
        """``[N, *shape]`` of mean 0 and standard deviation 1."""
        numbers = np.empty((len(self), *shape))
        for rng, row in zip(self._each, numbers.reshape(len(self), -1), strict=True):
            rng.standard_normal(out=row)
        return numbers


class _OneForAll(Streams):
    """N times the same generator, of which all draw at once: quicker, where nobody asks for a world by itself."""

    def spawn(self) -> Streams:
        """The same one, which goes on."""
        return self

    def random(self) -> NDArray[np.float64]:
        return self._each[0].random(len(self))

    def standard_normal(self, *shape: int) -> NDArray[np.float64]:
        return self._each[0].standard_normal((len(self), *shape))
