"""Notices what is commanded to move and does not."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray


class Stall:
    """Watches one thing that is commanded, such as an arm. Times are seconds of any clock."""

    def __init__(self, patience: float, least: float) -> None:
        """Watch nothing yet.

        Args:
            patience: seconds after which something that is commanded and unmoved has stalled.
            least: change of a position (radians or metres) that counts as motion.
        """
        self._patience, self._least = patience, least
        self._since = 0.0
        self._position: FloatArray | None = None

    def reset(self) -> None:
        """Forget what was: a new stream of commands begins."""
        self._since, self._position = 0.0, None

    def update(self, now: float, commanded: bool, position: FloatArray) -> bool:
        """Whether it has been commanded all the time for longer than ``patience`` and has not moved.

        Args:
            now: seconds. A clock that is set back begins anew.
            commanded: whether it should be moving now.
            position: ``[...]`` measured.
        """
        before = self._position
        moved = before is None or float(np.abs(position - before).max()) > self._least
        if not commanded or moved or now < self._since:
            self._since, self._position = now, np.array(position)
        return now - self._since > self._patience
