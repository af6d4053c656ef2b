"""Whether what a robot sees tells when a task is done: the end that imitation has without a judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from osil.core import Action, BoolArray, Demonstration, Observation, Scene
from osil.errors import DemonstrationError
from osil.tasks.progress import Progress
from osil.worlds.judge import Judge

LAG = 20
"""Control steps for which an episode is watched once it is decided: fingers take time to open, and what a step has done
is seen after it."""


class SeenEnd:
    """Observer with a ``Progress`` for each of N episodes, which knows the demonstration and the observations alone.

    It passes everything on to the judge of the same episodes, and is done ``LAG`` steps after the last decision.

    Args:
        judge: decides the episodes.
        shown: N demonstrations, or none: nothing is told then. Where a demonstration has no layout that can be read off
            its end, no end is ever seen.
    """

    def __init__(self, judge: Judge, shown: Sequence[Demonstration[Observation, Action]]) -> None:
        self._progress = [_progress(one) for one in shown]
        self._judge, self._left = judge, np.full(len(judge.steps), LAG if shown else 0)

    @property
    def reached(self) -> BoolArray:
        """``[N]`` where the layout shown was seen to stand; ``[0]`` if nothing was shown."""
        return np.array([progress is not None and progress.reached for progress in self._progress], dtype=np.bool_)

    @property
    def done(self) -> bool:
        return self._judge.done and not self._left.any()

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        for row in map(int, np.nonzero(self._left)[0]):
            if (progress := self._progress[row]) is not None:
                progress.update(observation[row])
        self._left = np.maximum(self._left - ~self._judge.running, 0)
        self._judge.on_step(observation, action, scene)


def _progress(shown: Demonstration[Observation, Action]) -> Progress | None:
    try:
        return Progress(shown)
    except DemonstrationError:
        return None
