"""DAGGER (section 3.3): the learner drives, so that the expert labels the states into which the learner really gets."""

from __future__ import annotations

import numpy as np

from osil.core import Action, Actor, Observation

LEARNER_STEPS, EXPERT_STEPS = 50, 25
"""Control steps for which learner and expert drive before the other takes over, on average."""


class TakingTurns:
    """Learner and expert drive in turn, in each of N worlds on its own, at random.

    Left alone, a learner that stands still would fill the rest of an episode with one state.
    """

    def __init__(
        self,
        learner: Actor[Observation, Action],
        expert: Actor[Observation, Action],
        count: int,
        rng: np.random.Generator,
    ) -> None:
        self._learner, self._expert, self._rng = learner, expert, rng
        self._learning = np.ones(count, dtype=np.bool_)

    def act(self, observation: Observation) -> Action:
        """The action of whoever drives: leading ``[N]``."""
        change = self._rng.random(len(self._learning)) < np.where(self._learning, 1 / LEARNER_STEPS, 1 / EXPERT_STEPS)
        self._learning = self._learning ^ change
        return Action.where(self._learning, self._learner.act(observation), self._expert.act(observation))
