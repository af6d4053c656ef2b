"""The robot's clock in our time, however long answers take."""

from __future__ import annotations

import numpy as np

from osil.core import NANOSECONDS
from osil.fetch_bridge.clock_offset import ClockOffset

MILLISECOND = NANOSECONDS // 1000


def ask(clock: ClockOffset, now: int, ahead: int, there: int, back: int) -> None:
    """An answer whose way there and back took so many nanoseconds."""
    clock.add(now, now + there + ahead, now + there + back)


def test_lopsided_and_slow_answers_do_not_spoil_a_fast_one() -> None:
    rng = np.random.default_rng(0)
    clock, ahead = ClockOffset(), 5 * NANOSECONDS
    for step in range(30):
        there, back = (int(delay) for delay in rng.exponential(10 * MILLISECOND, 2) + 1e5)
        ask(clock, step * NANOSECONDS, ahead, there, back)
        assert abs(clock.to_ours(ahead)) <= (there + back) // 2 + 1, "it is off by half the round trip at most"
    assert abs(clock.to_ours(ahead)) < 5 * MILLISECOND


def test_a_clock_that_is_set_is_believed_at_once() -> None:
    clock = ClockOffset()
    ask(clock, 0, 0, MILLISECOND, MILLISECOND)
    ask(clock, NANOSECONDS, -NANOSECONDS, 20 * MILLISECOND, 20 * MILLISECOND)
    assert clock.to_ours(0) == NANOSECONDS


def test_another_robot_is_asked_anew() -> None:
    clock = ClockOffset()
    assert not clock.known
    ask(clock, 0, 0, 0, 0)
    assert clock.known
    clock.forget()
    assert not clock.known
