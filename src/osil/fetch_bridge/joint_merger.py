"""Joint states of a Fetch, whose gripper reports its joints in messages of its own, made into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from osil.core import NANOSECONDS, FloatArray
from osil.errors import ObservationError

TOGETHER = NANOSECONDS // 20
"""Nanoseconds by which readings in one message may differ in age. Both kinds of messages come 100 times a second."""


@dataclass(frozen=True, eq=False)
class JointReadings:
    """What N joints were at one time of the robot's clock.

    Attributes:
        stamp: nanoseconds.
        names: one a joint.
        positions, velocities, efforts: ``[N]`` radians or metres, the same a second, newton metres or newtons; NaN:
            not told.
    """

    stamp: int
    names: tuple[str, ...]
    positions: FloatArray
    velocities: FloatArray
    efforts: FloatArray


class JointMerger:
    """Keeps what each joint reported last. A joint that falls silent is left out, not told as if it were fresh."""

    def __init__(self, leading: str) -> None:
        """``leading``: the joint whose messages are waited for; each makes one merged message."""
        self._leading = leading
        self._newest: dict[str, tuple[int, float, float, float]] = {}

    def add(self, message: Mapping[str, Any]) -> JointReadings | None:
        """Take in a sensor_msgs/JointState as rosbridge writes it. Returns what is to be passed on, if anything.

        Raises:
            ObservationError: there is not a finite position for each name.
        """
        stamp, names = to_nanoseconds(message["header"]["stamp"]), message["name"]
        columns = [_numbers(message.get(field), len(names)) for field in ("position", "velocity", "effort")]
        if not np.isfinite(columns[0]).all():
            raise ObservationError(f"joint states of the Fetch: expected a position for each joint, got {message}")
        self._newest |= {name: (stamp, *row) for name, *row in zip(names, *columns, strict=True)}
        if self._leading not in names:
            return None
        together = {name: row for name, row in self._newest.items() if abs(stamp - row[0]) <= TOGETHER}
        _, *merged = np.transpose(list(together.values()))
        return JointReadings(stamp, tuple(together), *merged)


def to_nanoseconds(time: Mapping[str, int]) -> int:
    """Nanoseconds of a ROS 1 time as rosbridge writes it."""
    return time["secs"] * NANOSECONDS + time["nsecs"]


def _numbers(values: list[float | None] | None, count: int) -> list[float]:
    """``values``; NaN for each where they are not told. rosbridge writes null for what is not finite."""
    if not values or len(values) != count:
        return [np.nan] * count
    return [np.nan if value is None else value for value in values]
