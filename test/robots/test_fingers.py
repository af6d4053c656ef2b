"""Fingers that are told something: when they have answered, and when nothing is to be awaited."""

from __future__ import annotations

import pytest

from osil.core import NANOSECONDS
from osil.robots.fingers import Fingers
from osil.robots.robot import load_robot

GRIPPER = load_robot("fetch").gripper
OPEN, SHUT, HOLDING = GRIPPER.opening, 0.0, 0.04


@pytest.mark.parametrize(
    ("close", "before", "later", "waits"),
    [
        (True, OPEN, OPEN, True),
        (True, OPEN, OPEN - 0.01, False),
        (False, HOLDING, HOLDING, True),
        (False, HOLDING, HOLDING + 0.01, False),
        (True, HOLDING, HOLDING, False),
        (False, OPEN, OPEN, False),
        (True, None, OPEN, False),
        (True, OPEN, None, False),
    ],
)
def test_fingers_are_awaited_until_they_begin_to_move_if_they_have_to(
    close: bool, before: float | None, later: float | None, waits: bool
) -> None:
    fingers = Fingers(GRIPPER)
    fingers.tell(NANOSECONDS, close, before)
    assert fingers.closed is close
    assert fingers.unanswered(3 * NANOSECONDS, later) == (2.0 if waits else 0.0)


def test_fingers_that_have_begun_to_move_may_stop_at_what_is_in_their_way() -> None:
    fingers = Fingers(GRIPPER)
    fingers.tell(0, True, OPEN)
    assert fingers.unanswered(NANOSECONDS, OPEN - 0.01) == 0.0
    assert fingers.unanswered(9 * NANOSECONDS, OPEN) == 0.0


def test_what_is_forgotten_is_not_awaited() -> None:
    fingers = Fingers(GRIPPER)
    fingers.tell(0, True, OPEN)
    fingers.forget()
    assert fingers.closed is None
    assert fingers.unanswered(9 * NANOSECONDS, OPEN) == 0.0
