"""Notices when what is seen cannot have come about from what was seen before it, because no hand moves things so."""

from __future__ import annotations

import time

import numpy as np

from osil.core import FloatArray
from osil.errors import ObservationError
from osil.ros.observing import Seen
from osil.ros.timing import CLOCK_TOLERANCE, seconds_since

SIDEWAYS, UPRIGHT = 1.2, 4.0
"""Speeds, m/s, that gripper and blocks do not exceed with regard to each other. Blocks that fall are the fastest."""

NOISE = 0.02
"""Metres by which a tracker may err from one message to the next."""

BLIND = 0.25
"""Seconds for which motion is allowed for at most: things are expected to be left alone where nobody sees them."""

LEAP, FASTEST = 2.0, 20.0
"""Seconds that a clock leaves out only if it is set, and how much faster than the machine's simulated time may be."""


class Continuity:
    """Follows one scene. Distances between gripper and blocks tell that both move as things do, in any frame."""

    def __init__(self) -> None:
        self._last: Seen | None = None
        self._spread: FloatArray = np.zeros(0)
        self._met = 0.0

    def follow(self, seen: Seen) -> None:
        """Take in what is seen now, blocks always in the same order.

        Raises:
            ObservationError: the clock was set, or something jumped.
        """
        spread, met = _spread(seen.observation.block_positions), time.monotonic()
        if self._last is not None:
            elapsed = seconds_since(self._last.nanoseconds, seen.nanoseconds)
            if elapsed < -CLOCK_TOLERANCE:
                raise ObservationError(f"the clock went back by {-elapsed:.2f} s; was the simulation started anew?")
            if elapsed > max(LEAP, FASTEST * (met - self._met)):
                raise ObservationError(f"the clock leapt ahead by {elapsed:.2f} s; was it set?")
            if elapsed <= 0.0:
                return
            allowed = np.array([SIDEWAYS, UPRIGHT]) * min(elapsed, BLIND) + NOISE
            change = np.abs(spread - self._spread)
            if (change > allowed).any():
                names = ("the gripper", *(f"block {name}" for name in seen.block_names))
                first, second, axis = np.unravel_index(int((change - allowed).argmax()), change.shape)
                raise ObservationError(
                    f"the distance between {names[first]} and {names[second]} changed by "
                    f"{change[first, second, axis]:.2f} m within {elapsed:.2f} s, faster than anything moves here; "
                    "was the scene set up anew?"
                )
        self._last, self._spread, self._met = seen, spread, met


def _spread(block_positions: FloatArray) -> FloatArray:
    """Distances between gripper (index 0) and B blocks, ``[B + 1, B + 1, 2]``: sideways and upright, metres."""
    points = np.vstack([np.zeros(3), block_positions])
    between = points[:, None] - points[None]
    return np.stack([np.hypot(between[..., 0], between[..., 1]), np.abs(between[..., 2])], axis=-1)
