"""How far apart two clocks are, told by asking for the time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 20
"""Answers that are kept. Those that came fastest are the most exact, and clocks drift little meanwhile."""


@dataclass(frozen=True)
class Answer:
    """Nanoseconds by which their clock was behind ours, give or take ``doubt``."""

    offset: int
    doubt: int


class ClockOffset:
    """The time of a robot's clock in time of our own; nanoseconds."""

    def __init__(self) -> None:
        """Nobody has been asked yet."""
        self._answers: deque[Answer] = deque(maxlen=KEPT)

    def add(self, asked: int, theirs: int, answered: int) -> None:
        """Take in that their clock read ``theirs`` at some time between ``asked`` and ``answered`` of ours."""
        answer = Answer((asked + answered) // 2 - theirs, (answered - asked + 1) // 2)
        if any(abs(answer.offset - one.offset) > answer.doubt + one.doubt for one in self._answers):
            self._answers.clear()  # a clock was set
        self._answers.append(answer)

    def forget(self) -> None:
        """Whoever is asked next may have another clock."""
        self._answers.clear()

    @property
    def known(self) -> bool:
        """Whether there is an answer."""
        return bool(self._answers)

    def to_ours(self, theirs: int) -> int:
        """When their clock read ``theirs``, by ours. There must be an answer."""
        return theirs + min(self._answers, key=lambda answer: answer.doubt).offset
