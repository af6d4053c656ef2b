"""Where the joints are and have been, as far as what is reported of them can be believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from osil.core import FloatArray
from osil.errors import ImplausibleReadingError, MissingReadingError
from osil.robots.joint_history import JointHistory
from osil.robots.recency import Received, check_recent, recent, seconds_since
from osil.robots.robot import Robot

SETTLING = 1.0
"""Seconds for which joint readings must be plausible again before they are believed."""


class JointStates:
    """The readings of a robot's joints. Times are nanoseconds of one clock; now is always given."""

    def __init__(self, robot: Robot, max_age: float) -> None:
        """``max_age``: seconds after which a position counts as lost."""
        self._robot, self._max_age = robot, max_age
        self._history = JointHistory(robot)
        self._received: dict[str, Received] = {}
        self._fault, self._fault_time = "", 0
        self._readings: dict[str, float] = {}
        self._changed = 0

    def add(self, now: int, stamp: int, positions: Mapping[str, float]) -> None:
        """Take in readings (radians or metres by joint name) that were true at ``stamp`` and came ``now``.

        Raises:
            ImplausibleReadingError: they cannot be true. ``check`` says so, too, until they have been for a while.
        """
        arm = {name: positions[name] for name in self._robot.arm_joints if name in positions}
        if arm != {name: self._readings.get(name) for name in arm}:
            self._changed = now
        self._readings |= arm
        try:
            self._history.add(stamp, positions)
            self._received |= dict.fromkeys(positions, Received(stamp, now))
        except ImplausibleReadingError as error:
            self._fault, self._fault_time = f"joint states cannot be true: {error}", now
            raise ImplausibleReadingError(self._fault) from error

    def check(self, now: int, names: Sequence[str]) -> None:
        """Make sure that these joints are known.

        Raises:
            MissingReadingError: one of them has never been reported.
            StaleError, FutureError: one of them has not been reported lately.
            ImplausibleReadingError: what was reported lately cannot be true.
        """
        if self._fault and recent(self._fault_time, now, SETTLING):
            raise ImplausibleReadingError(self._fault)
        check_reported(self._received, names)
        for name in names:
            check_recent(f"joint states of {name}", self._received[name], now, self._max_age)

    def unchanged(self, now: int) -> float:
        """Seconds for which every joint of the arm has read exactly the same, as none does while an arm moves."""
        return seconds_since(self._changed, now)

    def times_since(self, stamp: int) -> list[int]:
        """``stamp`` and the times at which the arm was reported after it, ascending."""
        return [stamp, *self._history.times(self._robot.arm_joints[0], after=stamp)]

    def at(self, stamps: Sequence[int], names: Sequence[str]) -> FloatArray:
        """Positions ``[K, len(names)]`` of checked joints at K times, radians or metres."""
        return self._history.at(stamps, names)

    def newest(self, now: int, names: Sequence[str]) -> FloatArray:
        """The newest positions ``[len(names)]``, radians or metres. Raises what ``check`` does."""
        self.check(now, names)
        positions: FloatArray = self._history.at([now], names)[0]
        return positions


def check_reported(reported: Collection[str], names: Sequence[str]) -> None:
    """Raise MissingReadingError if one of the joints ``names`` is not among those that were ``reported``."""
    if missing := [name for name in names if name not in reported]:
        raise MissingReadingError(f"joint states: nothing is reported of {', '.join(missing)}; is the robot running?")
