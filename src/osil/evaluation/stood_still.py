"""In which episodes the hand stood still although there was work left: how a policy without memory gets stuck."""

from __future__ import annotations

from collections import deque

import numpy as np

from osil.core import CONTROL_PERIOD, Action, BoolArray, FloatArray, Observation, Scene
from osil.worlds.judge import Judge

STILL = 2.0
"""A hand that has not moved for so long stands still, seconds: whatever it does on its way is done sooner."""

REST = 0.010
"""Within this along each axis it has not moved, metres. A tracker's noise is less, and a block's edge is more."""


class StoodStill:
    """Observer of N episodes. It sees the hand move by the blocks, most of which lie on the table.

    Args:
        judge: of the same episodes, who says which of them are running.

    Attributes:
        rows: ``[N]`` True where the hand has stood still for ``STILL`` with work left.
    """

    done = False

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._seen: deque[FloatArray] = deque(maxlen=round(STILL / CONTROL_PERIOD) + 1)
        self.rows: BoolArray = np.zeros(len(judge.steps), dtype=np.bool_)

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        self._seen.append(np.median(observation.block_positions, axis=-2))
        if len(self._seen) == self._seen.maxlen:
            still = (np.ptp(np.stack(self._seen), axis=0) < REST).all(-1)
            self.rows = self.rows | (still & self._judge.running)
