"""Time as a node should trust it: stamps may lie in the future or be missing, and a clock may be set back."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from osil.core import NANOSECONDS
from osil.errors import ObservationError

CLOCK_TOLERANCE = 0.1
"""Seconds by which a stamp may lie after the present time: clocks differ a little, and simulated time comes late."""

CLOCK_PATIENCE = 3.0
"""Seconds of the machine's clock after which a node's clock that has not gone on has stopped."""


@dataclass(frozen=True)
class Received:
    """When a message says that it was made, and when it came; nanoseconds of the node's clock.

    Attributes:
        stamp: of its header; 0: it carries none.
        arrival: time of the node's clock when it came.
    """

    stamp: int
    arrival: int


def seconds_since(then: int, now: int) -> float:
    """Seconds from ``then`` to ``now`` (nanoseconds); negative if ``then`` lies in the future."""
    return (now - then) / NANOSECONDS


def recent(then: int, now: int, seconds: float) -> bool:
    """Whether ``then`` lies at most so many seconds before ``now`` (nanoseconds).

    A time in the future is not recent: it was noted before the clock was set back.
    """
    return -CLOCK_TOLERANCE <= seconds_since(then, now) <= seconds


def check_recent(what: str, received: Received, now: int, max_age: float) -> None:
    """Refuse what is not of the present, and say why it is not.

    Args:
        what: the messages, plural, as they are to be called: "block poses".
        received: of the newest of them.
        now: nanoseconds of the node's clock.
        max_age: seconds after which they count as lost.

    Raises:
        ObservationError: they carry no stamp, come from the future, are old, or have stopped coming.
    """
    age, silent = seconds_since(received.stamp, now), seconds_since(received.arrival, now)
    if received.stamp == 0:
        raise ObservationError(f"{what} carry no time stamp (0); whoever publishes them must say when they were seen")
    if not -CLOCK_TOLERANCE <= silent <= max_age:
        if received.arrival == 0 or silent < 0.0:
            raise ObservationError(f"no {what} have come since the clock was set; is their publisher running?")
        raise ObservationError(f"no {what} have come for {silent:.2f} s; is their publisher running?")
    if not -CLOCK_TOLERANCE <= age <= max_age:
        if age > 0.0:
            side, limit, cause = "behind", max_age, ", they are that late, or a machine is too busy"
        else:
            side, limit, cause = "ahead of", CLOCK_TOLERANCE, ""
        raise ObservationError(
            f"{what} come stamped {abs(age):.2f} s {side} the clock of this node: the clocks differ by {abs(age):.1f} s"
            f"{cause} (at most {limit:g} s); synchronise the machines, and set use_sim_time alike in all nodes"
        )


class ClockWatch:
    """Notices by the machine's clock that a node's clock has stopped: a simulation that makes it has died."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._time, self._went_on = 0, time.monotonic()
        node.create_timer(0.1, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        if (now := self._node.get_clock().now().nanoseconds) != self._time:
            self._time, self._went_on = now, time.monotonic()

    @property
    def problem(self) -> str:
        """What is wrong with the node's clock; empty if it goes on."""
        stood = time.monotonic() - self._went_on
        return f"the clock has stopped for {stood:.0f} s; is the simulation running?" if stood > CLOCK_PATIENCE else ""
