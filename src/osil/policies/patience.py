"""Notices that a hand gets nowhere. A policy without memory would do for ever what has led nowhere for a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from osil.core import BoolArray, FloatArray, Observation
from osil.demonstrations.gripper_motion import motion_between
from osil.networks.manipulation_network import MOTION

SPAN = 20
"""Control steps, one second: a hand that is then about where it was gets nowhere, also if it goes to and fro."""

AT_ONCE = 10
"""Control steps for which it then acts by chance: with fewer it would be led back to where it was."""

NEAR = (0.03, 0.3, 0.001)
"""Gripper and fingers are where they were within this: metres, radians, metres between the fingers."""


class Patience:
    """Of N scenes side by side.

    Attributes:
        chance: N sources of it.
        way: ``[N, MOTION]`` where to go by chance, in standard deviations: the same way until patience is back.

    Args:
        seeds: N.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self.chance = [np.random.default_rng([seed, 1]) for seed in seeds]
        self.way: FloatArray = np.zeros((len(seeds), MOTION))
        self._seen: deque[Observation] = deque(maxlen=SPAN)
        self._left = np.zeros(len(seeds), dtype=int)

    def lost(self, seen: Observation) -> BoolArray:
        """``[N]`` whether to act by chance now. Call it in each control step with what is seen, leading ``[N]``."""
        self._left = np.maximum(self._left - 1, 0)
        if len(self._seen) == SPAN:
            before = self._seen[0]
            displacement, turn = motion_between(before, seen)
            fingers = np.abs(seen.gripper_opening - before.gripper_opening)
            same = np.linalg.norm(displacement, axis=-1) < NEAR[0]
            same &= (np.abs(turn) < NEAR[1]) & (fingers < NEAR[2])
            for row in np.flatnonzero(same & (self._left == 0)):
                self._left[row], self.way[row] = AT_ONCE, self.chance[row].standard_normal(MOTION)
        self._seen.append(seen)
        lost: BoolArray = self._left > 0
        return lost
