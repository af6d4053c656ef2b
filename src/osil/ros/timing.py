"""By which clock a node acts, whether it goes on, and for how long the node has listened. What counts as present by the
clock is decided in ``robots/recency.py``."""

from __future__ import annotations

import time

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

CLOCK_PATIENCE = 3.0
"""Seconds of the machine's clock after which a node's clock that has not gone on has stopped."""

MOST_DEAF = 0.2
"""Seconds that count at most as listening, from one look at the messages to the next."""


def pacing(node: Node) -> Clock:
    """For timers that act once in so many seconds of simulated time, if there is any, or of the machine's.

    A timer by the node's own clock, which without simulated time is that of the system, would rest until it has caught
    up with itself when that is set back.
    """
    simulated = node.get_parameter("use_sim_time").value
    return node.get_clock() if simulated else Clock(clock_type=ClockType.STEADY_TIME)


class Listening:
    """Counts the time for which a node could hear.

    While one of its callbacks takes long, messages lie unread, and nobody is silent whose messages they are.
    """

    def __init__(self, node: Node) -> None:
        self._counted, self._until = 0.0, time.monotonic()
        node.create_timer(0.1, self._count, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _count(self) -> None:
        self._counted, self._until = self.seconds, time.monotonic()

    @property
    def seconds(self) -> float:
        """Of the machine's clock, since the start."""
        return self._counted + min(time.monotonic() - self._until, MOST_DEAF)


class ClockWatch:
    """Notices by the machine's clock that a node's clock has stopped: a simulation that makes it has died."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._listening = Listening(node)
        self._time, self._went_on = 0, 0.0
        node.create_timer(0.1, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        if (now := self._node.get_clock().now().nanoseconds) != self._time:
            self._time, self._went_on = now, self._listening.seconds

    @property
    def problem(self) -> str:
        """What is wrong with the node's clock; empty if it goes on."""
        stood = self._listening.seconds - self._went_on
        return f"the clock has stopped for {stood:.0f} s; is the simulation running?" if stood > CLOCK_PATIENCE else ""
