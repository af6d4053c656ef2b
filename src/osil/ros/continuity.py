"""Notices when blocks have moved from one observation to the next as nothing can have moved them."""

from __future__ import annotations

import time

import numpy as np

from osil.errors import ObservationError
from osil.robots.recency import CLOCK_TOLERANCE, seconds_since
from osil.ros.observing import Seen

SIDEWAYS, UPRIGHT = 1.2, 4.0
"""Speeds, m/s, that blocks do not exceed. Those that fall are the fastest."""

NOISE = 0.02
"""Metres by which a tracker may err from one message to the next."""

BLIND = 0.25
"""Seconds for which motion is allowed for at most. Where nobody looked for longer, one block may have been carried."""

LEAP, FASTEST = 2.0, 20.0
"""Seconds that a clock leaves out only if it is set, and how much faster than the machine's simulated time may be."""


class Continuity:
    """Follows the blocks of one scene, where they were when the tracker saw them."""

    def __init__(self) -> None:
        self._last: Seen | None = None
        self._met = 0.0

    def follow(self, seen: Seen) -> None:
        """Take in what is seen now, blocks always in the same order.

        Raises:
            ObservationError: the clock was set, or a block jumped.
        """
        last, met = self._last, time.monotonic()
        if last is not None:
            elapsed = seconds_since(last.nanoseconds, seen.nanoseconds)
            if elapsed < -CLOCK_TOLERANCE:
                raise ObservationError(f"the clock went back by {-elapsed:.2f} s; was the simulation started anew?")
            if elapsed > max(LEAP, FASTEST * (met - self._met)):
                raise ObservationError(f"the clock leapt ahead by {elapsed:.2f} s; was the scene set up anew?")
            if elapsed <= 0.0:
                return
            way = seen.scene.block_positions - last.scene.block_positions
            moved = np.stack([np.hypot(way[:, 0], way[:, 1]), np.abs(way[:, 2])], axis=-1)
            allowed = np.array([SIDEWAYS, UPRIGHT]) * min(elapsed, BLIND) + NOISE
            if (moved > allowed).any():
                block, axis = np.unravel_index(int((moved - allowed).argmax()), moved.shape)
                raise ObservationError(
                    f"block {seen.block_names[block]} moved by {moved[block, axis]:.2f} m within {elapsed:.2f} s, "
                    "faster than anything moves here; was the scene set up anew?"
                )
            gone = np.atleast_1d((moved > NOISE).any(-1))
            if elapsed > BLIND and gone.sum() > 1:
                names = ", ".join(name for name, away in zip(seen.block_names, gone, strict=True) if away)
                raise ObservationError(
                    f"blocks {names} moved within {elapsed:.2f} s in which nobody saw them; was the scene set up anew?"
                )
        self._last, self._met = seen, met
