"""The pointer that drags the gripper: where it is between two moments at which the browser tells of it."""

from __future__ import annotations

from collections import deque

from osil.core import FloatArray
from osil.geometry import clip_norm
from osil.robots.recency import recent, seconds_since

NEWS = 0.05
"""Seconds after which a browser tells of a pointer again, if it moves."""

STANDS = 0.08
"""Seconds without news after which it stands."""

WINDOW = 0.15
"""Seconds on whose way, at least, its speed is judged: on a shorter one it would shake."""

LEAD = 0.015
"""Seconds by which it is thought to be further than it is: the gripper is behind by as much less."""

FARTHEST = 0.015
"""Metres by which it may be thought to have gone on: the gripper is not to shoot beyond where a quick one stops."""


class Pointer:
    """Places are ``[3]`` (metres, base frame), times nanoseconds of one clock."""

    def __init__(self, place: FloatArray, now: int) -> None:
        """It is there now."""
        self._seen = deque([(now, place)])

    def move(self, place: FloatArray, now: int) -> None:
        """It is there now."""
        self._seen.append((now, place))

    def place(self, now: int) -> FloatArray:
        """Where it is, if it has gone on since the last news as before: a target that moved in steps would shake."""
        while len(self._seen) > 1 and not recent(self._seen[1][0], now, WINDOW):
            self._seen.popleft()
        (begin, first), (end, last) = self._seen[0], self._seen[-1]
        silent = seconds_since(end, now)
        if not 0.0 <= silent <= STANDS:
            return last
        velocity = (last - first) / max(NEWS, seconds_since(begin, end))
        return last + clip_norm(velocity * (min(silent, NEWS) + LEAD), FARTHEST)
