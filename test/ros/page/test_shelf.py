"""What the page knows of demonstrations, whatever becomes of its questions to the recorder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from builtin_interfaces.msg import Time

from osil.robots.robot import load_robot
from osil.ros.page.errands import Tell
from osil.ros.page.inbox import Inbox
from osil.ros.page.shelf import LIST, MOST_LOOKED_AT, READ, Shelf
from osil_interfaces.srv import ListDemonstrations, ReadDemonstration


class Recorder:
    """In place of ``Errands``: keeps what was asked for, to be answered by the test."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Tell]] = []

    def know(self, service: str, kind: Any) -> None:
        pass

    def ready(self, service: str) -> bool:
        return True

    def call(self, service: str, tell: Tell, **fields: Any) -> None:
        self.asked.append((service, tell))

    def answer(self, service: str, done: bool, message: str, response: object) -> None:
        asked, tell = self.asked.pop()
        assert asked == service
        tell(done, message, response)


def listed(*names: str) -> ListDemonstrations.Response:
    """What the recorder tells of these, the oldest first."""
    created = [Time(sec=1 + number) for number in range(len(names))]
    facts = {"durations": [1.0] * len(names), "blocks": ["ab"] * len(names), "created": created}
    return ListDemonstrations.Response(names=list(names), **facts)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def shelf(recorder: Recorder) -> Iterator[Shelf]:
    """Of one demonstration."""
    shelf = Shelf(Inbox(), recorder, load_robot("fetch"), lambda: None)
    shelf.look()
    recorder.answer(LIST, True, "", listed("one"))
    shelf.look()
    yield shelf
    shelf.close()


def test_a_recorder_that_did_not_answer_is_asked_again(shelf: Shelf, recorder: Recorder) -> None:
    recorder.answer(READ, False, "recorder/read has not answered for 15 s", None)
    assert shelf.showing("one") == "not looked at yet"
    shelf.look()
    assert [service for service, _ in recorder.asked] == [READ]


def test_what_the_recorder_refuses_is_told_and_not_asked_again(shelf: Shelf, recorder: Recorder) -> None:
    recorder.answer(READ, False, "larger than any", ReadDemonstration.Response())
    assert shelf.showing("one") == "it cannot be shown: larger than any"
    shelf.look()
    assert recorder.asked == []


def test_what_old_ones_look_like_is_forgotten(shelf: Shelf, recorder: Recorder) -> None:
    recorder.answer(READ, False, "larger than any", ReadDemonstration.Response())
    shelf.refresh()
    shelf.look()
    newer = [f"newer {number}" for number in range(MOST_LOOKED_AT + 1)]
    recorder.asked = [ask for ask in recorder.asked if ask[0] == LIST]
    recorder.answer(LIST, True, "", listed("one", *newer))
    assert shelf.showing("one") == "not looked at yet"
