"""Notices a gripper that has been told to open or close and does not."""

from __future__ import annotations

from osil.robots.recency import seconds_since
from osil.robots.robot import Gripper

BEGUN = 0.002
"""Metres by which the opening changes when fingers begin to move."""

OPEN = 0.005
"""Metres within which open fingers are as open as they get."""


class Fingers:
    """What the gripper was told last, until it has begun to do so. What is in their way decides where fingers stop.

    Attributes:
        closed: what the gripper was told last; None: nothing that still counts.
    """

    def __init__(self, gripper: Gripper) -> None:
        self._gripper = gripper
        self.closed: bool | None = None
        self._told, self._opening = 0, 0.0
        self._waiting = False

    def forget(self) -> None:
        """Whatever comes next is told to the gripper anew."""
        self.closed, self._waiting = None, False

    def tell(self, now: int, close: bool, opening: float | None) -> None:
        """Take note that the gripper is told something.

        Args:
            now: nanoseconds.
            close: or open.
            opening: distance between the finger pads, metres; None: not known, so nothing is awaited.
        """
        self.closed, self._told, self._waiting = close, now, opening is not None
        self._opening = opening or 0.0

    def unanswered(self, now: int, opening: float | None) -> float:
        """Seconds for which the gripper has not begun to do what it was told; 0: it has, or need not."""
        if not self._waiting or opening is None:
            return 0.0
        # Closed fingers may hold something already, and open ones be as open as they get.
        open_enough = self._opening > self._gripper.opening - OPEN
        self._waiting = open_enough == self.closed and abs(opening - self._opening) <= BEGUN
        return seconds_since(self._told, now) if self._waiting else 0.0
