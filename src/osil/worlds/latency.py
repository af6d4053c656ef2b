"""Latency: actions that act some control steps after they were chosen, in any block-stacking world."""

from __future__ import annotations

from collections import deque

import numpy as np

from osil.core import Action, Observation, Scene
from osil.worlds.stacking_world import StackingWorld, WorldWrapper


class LateWorld(WorldWrapper):
    """``N`` worlds in which actions act late. Before the first one does, the gripper rests with open fingers.

    Args:
        world: where they act.
        steps: ``[N]`` control steps, at least 0, by which the actions in each world act late.
    """

    def __init__(self, world: StackingWorld, steps: np.ndarray) -> None:
        super().__init__(world)
        self._steps = steps
        self._chosen: deque[Action] = deque(maxlen=int(steps.max()) + 1)

    def reset(self, scene: Scene) -> Observation:
        self._chosen.clear()
        return super().reset(scene)

    def step(self, action: Action) -> Observation:
        self._chosen.append(action)
        due = action.map(np.zeros_like)
        for age, chosen in enumerate(reversed(self._chosen)):
            due = Action.where(self._steps == age, chosen, due)
        return super().step(due)
