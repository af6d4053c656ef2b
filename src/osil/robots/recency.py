"""What counts as present: stamps may lie in the future or be missing, and a clock may be set back."""

from __future__ import annotations

from dataclasses import dataclass

from osil.core import NANOSECONDS
from osil.errors import FutureError, ObservationError, StaleError

CLOCK_TOLERANCE = 0.1
"""Seconds by which a stamp may lie after the present time: clocks differ a little, and simulated time comes late."""


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
        FutureError: they come from the future.
        StaleError: they carry no stamp, are old, or have stopped coming.
    """
    age, silent = seconds_since(received.stamp, now), seconds_since(received.arrival, now)
    if received.stamp == 0:
        raise StaleError(f"{what} carry no time stamp (0); whoever publishes them must say when they were seen")
    if not -CLOCK_TOLERANCE <= silent <= max_age:
        if received.arrival == 0 or silent < 0.0:
            raise StaleError(f"no {what} have come since the clock was set; is their publisher running?")
        raise StaleError(f"no {what} have come for {silent:.2f} s; is their publisher running?")
    if not -CLOCK_TOLERANCE <= age <= max_age:
        kind: type[ObservationError]
        if age > 0.0:
            kind, side, limit, cause = StaleError, "behind", max_age, ", they are that late, or a machine is too busy"
        else:
            kind, side, limit, cause = FutureError, "ahead of", CLOCK_TOLERANCE, ""
        raise kind(
            f"{what} come stamped {abs(age):.2f} s {side} the clock of this node: the clocks differ by {abs(age):.1f} s"
            f"{cause} (at most {limit:g} s); if that lasts, synchronise the machines, and set use_sim_time alike in "
            "all nodes"
        )
