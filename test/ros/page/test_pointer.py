"""A pointer that moves goes on between two pieces of news; one that stands stays where it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osil.core import NANOSECONDS
from osil.ros.page.pointer import FARTHEST, LEAD, NEWS, STANDS, WINDOW, Pointer

BEGIN = np.array([0.6, 0.0, 0.8])

places = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)


def at(seconds: float) -> int:
    return 5 * NANOSECONDS + round(seconds * NANOSECONDS)


@given(st.lists(places, min_size=1, max_size=10))
def test_one_that_has_stopped_is_where_it_is(way: list[np.ndarray]) -> None:
    pointer = Pointer(BEGIN, at(0.0))
    for number, place in enumerate(way):
        pointer.move(place, at(NEWS * number))
        assert np.linalg.norm(pointer.place(at(NEWS * number)) - place) <= FARTHEST + 1e-9
    stopped = NEWS * (len(way) - 1)
    np.testing.assert_array_equal(pointer.place(at(stopped + STANDS + 0.001)), way[-1])


@pytest.mark.parametrize("speed", [0.02, 0.1, 0.2])
def test_one_that_moves_goes_on_between_two_pieces_of_news(speed: float) -> None:
    pointer, velocity = Pointer(BEGIN, at(0.0)), speed * np.array([0.0, 0.6, 0.8])
    for moment in np.arange(NEWS, 2.0, NEWS):
        pointer.move(BEGIN + moment * velocity, at(moment))
        if moment > WINDOW:
            for later in (0.0, 0.3 * NEWS, 0.9 * NEWS):
                expected = BEGIN + (moment + later + LEAD) * velocity
                np.testing.assert_allclose(pointer.place(at(moment + later)), expected, atol=1e-4)


def test_one_that_begins_to_move_after_it_stood_has_no_speed_yet() -> None:
    pointer, step = Pointer(BEGIN, at(0.0)), np.array([0.0, 0.004, 0.0])
    pointer.move(BEGIN + step, at(3.0))
    np.testing.assert_allclose(pointer.place(at(3.0)), BEGIN + step, atol=1e-4)


def test_a_clock_that_is_set_back_leaves_it_where_it_is() -> None:
    pointer = Pointer(BEGIN, at(0.0))
    pointer.move(BEGIN + 0.01, at(0.05))
    np.testing.assert_array_equal(pointer.place(at(-3.0)), BEGIN + 0.01)
