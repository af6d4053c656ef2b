"""What counts as present: the clock may be set back, and stamps may be missing, old or of the future."""

from __future__ import annotations

import pytest

from osil.core import NANOSECONDS
from osil.errors import ObservationError
from osil.robots.recency import CLOCK_TOLERANCE, Received, check_recent, recent

NOW = 1_000 * NANOSECONDS


def at(seconds: float) -> int:
    return NOW + round(seconds * NANOSECONDS)


def test_recent_is_neither_long_ago_nor_in_the_future() -> None:
    assert recent(at(-0.2), NOW, 0.25)
    assert recent(at(0.9 * CLOCK_TOLERANCE), NOW, 0.25)
    assert not recent(at(-0.3), NOW, 0.25)
    assert not recent(at(5.0), NOW, 0.25), "noted before the clock was set back"


@pytest.mark.parametrize(
    ("stamp", "arrival", "reason"),
    [
        (at(10.0), NOW, r"10.00 s ahead of .* the clocks differ by 10.0 s"),
        (
            at(-10.0),
            NOW,
            r"10.00 s behind .* the clocks differ by 10.0 s, they are that late, or a machine is too busy",
        ),
        (at(-1.0), at(-1.0), r"no block poses have come for 1.00 s"),
        (at(100.0), at(100.0), r"no block poses have come since the clock was set"),
        (0, NOW, r"carry no time stamp"),
    ],
)
def test_what_is_not_of_the_present_is_named_as_what_it_is(stamp: int, arrival: int, reason: str) -> None:
    with pytest.raises(ObservationError, match=reason):
        check_recent("block poses", Received(stamp, arrival), NOW, 0.3)


def test_what_is_of_the_present_passes() -> None:
    check_recent("block poses", Received(at(-0.1), NOW), NOW, 0.3)
    check_recent("block poses", Received(at(0.05), NOW), NOW, 0.3)
