"""Training pairs: a demonstration of a task, and observations with expert labels from other episodes of that task."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future

import numpy as np

from osil.data.pair_pool import Learner, PairBatch, Pool, PoolMaker, SamplingConfig
from osil.demonstrations.conditioning import Conditioning
from osil.experts.noise import NoiseConfig
from osil.robots.robot import Robot
from osil.tasks.block_stacking import StackingTask


class PairSource:
    """Draws batches of pairs from expert episodes that are renewed all the time.

    While batches are drawn from the pools that are there, the next ones are made. What they hold does not depend on
    where that happens and how long it takes.

    Args:
        tasks: to train on.
        conditioning: how demonstrations are cut down.
        rng: source of randomness.
        robot: who acts, at a table with blocks arranged in some way.
        config: how pairs are drawn.
        noise: disturbance of the expert's actions.
        learner: returns a copy of the policy as it stands, for DAGGER.
        start: batches that were drawn before, by a run that now goes on.
        executor: where pools are made; None: here and now.
    """

    def __init__(
        self,
        tasks: Sequence[StackingTask],
        conditioning: Conditioning,
        rng: np.random.Generator,
        robot: Robot,
        config: SamplingConfig | None = None,
        noise: NoiseConfig | None = None,
        learner: Callable[[], Learner] | None = None,
        start: int = 0,
        executor: Executor | None = None,
    ) -> None:
        self._conditioning, self._rng = conditioning, rng
        self._config = config or SamplingConfig()
        self._maker = PoolMaker(tasks, self._config, noise or NoiseConfig(), robot)
        self._learner, self._executor = learner, executor
        self._pools: deque[Pool] = deque(maxlen=self._config.pools)
        self._drawn = start
        self._coming = deque(self._begin_pool() for _ in range(self._config.ahead))

    def batch(self) -> PairBatch:
        """The next batch. All its demonstrations and observations have the same number of blocks."""
        if self._drawn % self._config.refresh == 0 or len(self._pools) < min(4, self._config.pools):
            self._pools.append(self._coming.popleft().result())
            self._coming.append(self._begin_pool())
        self._drawn += 1
        pool = self._pools[self._rng.integers(len(self._pools))]
        noise = (0.0,) if self._drawn <= self._config.first_batches else self._config.position_noise
        return pool.draw(self._conditioning, self._rng, self._config, noise)

    def _begin_pool(self) -> Future[Pool]:
        learner = self._learner() if self._learner and self._config.dagger_share else None
        request = self._maker, self._drawn, self._rng.spawn(1)[0], learner
        if self._executor:
            return self._executor.submit(PoolMaker.make, *request)
        made: Future[Pool] = Future()
        made.set_result(PoolMaker.make(*request))
        return made
