"""Training pairs: a demonstration of a task, and observations with expert labels from other episodes of that task."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import Action, Observation
from osil.demonstrations.collection import Episodes, collect
from osil.demonstrations.conditioning import Conditioning
from osil.experts.noise import NoiseConfig
from osil.tasks.block_stacking import StackingTask


@dataclass(frozen=True, eq=False)
class PairBatch:
    """M demonstrations with N labelled observations each.

    Attributes:
        demonstrations: M cut-down demonstrations, each with leading ``[K_m]``.
        observations: leading ``[M, N]``.
        labels: the expert's actions, leading ``[M, N]``.
        source, target: ``[M, N]`` blocks of the present stage, -1 where all stages are done.
    """

    demonstrations: list[Observation]
    observations: Observation
    labels: Action
    source: np.ndarray
    target: np.ndarray


@dataclass(frozen=True)
class SamplingConfig:
    """How pairs are drawn.

    Attributes:
        demonstrations: M, demonstrations in a batch.
        observations: N, labelled observations for each.
        pairs: tasks in a pool of episodes.
        queries: labelled episodes for each task of a pool.
        pools: pools kept at once; the oldest gives way to a new one.
        refresh: batches between two new pools.
        midway: share of the labelled episodes that begin with some stages done.
        interleave: share of the tasks whose towers are built in turns instead of one after the other.
    """

    demonstrations: int = 16
    observations: int = 32
    pairs: int = 64
    queries: int = 3
    pools: int = 12
    refresh: int = 40
    midway: float = 0.3
    interleave: float = 0.3


class PairSource:
    """Draws batches of pairs from expert episodes that are renewed all the time."""

    def __init__(
        self,
        tasks: Sequence[StackingTask],
        conditioning: Conditioning,
        rng: np.random.Generator,
        config: SamplingConfig | None = None,
        noise: NoiseConfig | None = None,
    ) -> None:
        self._tasks, self._conditioning, self._rng = tasks, conditioning, rng
        self._config = config or SamplingConfig()
        self._noise = noise or NoiseConfig()
        self._pools: deque[_Pool] = deque(maxlen=self._config.pools)
        self._drawn = 0

    def batch(self) -> PairBatch:
        """The next batch. All its demonstrations and observations have the same number of blocks."""
        if self._drawn % self._config.refresh == 0 or len(self._pools) < min(4, self._config.pools):
            self._pools.append(self._new_pool())
        self._drawn += 1
        return self._pools[self._rng.integers(len(self._pools))].draw(self._conditioning, self._rng, self._config)

    def _new_pool(self) -> _Pool:
        c, rng = self._config, self._rng
        sizes = [task.num_blocks for task in self._tasks]
        blocks = rng.choice(sizes)
        fitting = [task for task in self._tasks if task.num_blocks == blocks]
        tasks = [
            reorder(fitting[rng.integers(len(fitting))], rng.random() < c.interleave, rng) for _ in range(c.pairs)
        ]
        shown = collect(tasks, rng, noise=NoiseConfig(scales=(0.0, 0.0005, 0.001), burst_rate=0.0))
        asked = collect([task for task in tasks for _ in range(c.queries)], rng, noise=self._noise, midway=c.midway)
        return _Pool(shown, asked, c.queries)


def reorder(task: StackingTask, interleave: bool, rng: np.random.Generator) -> StackingTask:
    """The same layout with its towers built in another order, one after the other or in turns."""
    below = task.below
    bottoms = [target for _, target in task.stages if below[target] < 0]
    above = {target: source for source, target in task.stages}
    towers = []
    for bottom in rng.permutation(sorted(set(bottoms))):
        tower = [int(bottom)]
        while tower[-1] in above:
            tower.append(above[tower[-1]])
        towers.append(list(zip(tower[1:], tower[:-1], strict=True)))
    turns = [index for index, tower in enumerate(towers) for _ in tower]
    if interleave:
        rng.shuffle(turns)
    stages = [towers[turn].pop(0) for turn in turns]
    return StackingTask(task.num_blocks, tuple(stages))


class _Pool:
    """Demonstrations and labelled episodes of the same tasks."""

    def __init__(self, shown: Episodes, asked: Episodes, queries: int) -> None:
        self._shown, self._asked, self._queries = shown, asked, queries
        self._usable = np.nonzero(shown.success)[0]

    def draw(self, conditioning: Conditioning, rng: np.random.Generator, config: SamplingConfig) -> PairBatch:
        count = config.demonstrations
        chosen = rng.choice(self._usable, count, replace=len(self._usable) < count)
        demonstrations = []
        for index in chosen:
            whole = self._shown.observations[: self._shown.lengths[index], index]
            demonstrations.append(whole[conditioning.frames(whole, rng)])
        asked = self._asked
        episode = chosen[:, None] * self._queries + rng.integers(self._queries, size=(count, config.observations))
        step = (rng.random(episode.shape) * asked.lengths[episode]).astype(int)
        at = step, episode
        return PairBatch(demonstrations, asked.observations[at], asked.labels[at], asked.source[at], asked.target[at])
