"""The demonstrations that the recorder has stored, and what they look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from osil.robots.robot import Robot
from osil.ros.page.errands import Errands
from osil.ros.page.inbox import Inbox
from osil.ros.page.showing import Showing, make_showing
from osil.ros.page.side_process import SideProcess
from osil_interfaces.srv import ListDemonstrations, ReadDemonstration

LIST, READ = "recorder/list", "recorder/read"

MOST_LOOKED_AT = 30
"""Of the newest demonstrations so many are looked at unasked."""


Drawn = Callable[[list[bytes] | str], object]
"""Told the pictures (JPEG), or in words why there are none."""


@dataclass(frozen=True)
class Entry:
    """What the recorder tells of a demonstration.

    Attributes:
        name: under which it is stored.
        seconds: from its first step to its last.
        blocks: their names, such as "abcd".
        created: nanoseconds of the machine's clock.
    """

    name: str
    seconds: float
    blocks: str
    created: int

    @property
    def date(self) -> str:
        """When it was stored, by the clock on the wall."""
        return f"{datetime.fromtimestamp(self.created // 1_000_000_000):%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class _Drawing:
    """Moments of a demonstration that somebody waits to see."""

    name: str
    spans: Sequence[tuple[float, float]]
    drawn: Drawn


class Shelf:
    """Asks the recorder which there are, and for one file after the other. Call it from the thread that spins the node.

    Attributes:
        entries: by name, the newest first.
    """

    def __init__(self, inbox: Inbox, errands: Errands, robot: Robot, changed: Callable[[], object]) -> None:
        """``changed``: called when there is news of what there is or of what it looks like."""
        errands.know(LIST, ListDemonstrations)
        errands.know(READ, ReadDemonstration)
        self.entries: Mapping[str, Entry] = {}
        self._errands, self._robot, self._changed = errands, robot, changed
        self._stale, self._reading = True, False
        self._seen: dict[Entry, Showing | str] = {}
        self._wanted = ""
        self._drawing: _Drawing | None = None
        self._process = SideProcess(inbox.put)

    def close(self) -> None:
        """Look at no more."""
        self._process.close()

    def refresh(self) -> None:
        """Ask anew which there are."""
        self._stale = True

    def showing(self, name: str) -> Showing | str:
        """What a demonstration looks like, or in words why that is not known. It is looked at next if it was not."""
        entry = self.entries.get(name)
        if entry is None:
            return "there is no such demonstration"
        self._wanted = name
        return self._seen.get(entry, "not looked at yet")

    def known(self, name: str) -> Showing | None:
        """What a demonstration looks like, if that is known."""
        showing = self._seen.get(self.entries[name])
        return showing if isinstance(showing, Showing) else None

    def look(self) -> None:
        """Ask for what is not known yet."""
        if self._stale and self._errands.ready(LIST):
            self._stale = False
            self._errands.call(LIST, self._listed)
        if not self._reading and self._errands.ready(READ):
            entry = next((one for one in self._worth_a_look if one not in self._seen), None)
            if entry is not None:
                self._reading = True
                self._errands.call(READ, partial(self._read, entry), name=entry.name)

    @property
    def _worth_a_look(self) -> list[Entry]:
        """The one that somebody wants to see, and the newest. What they look like is kept, and of no others."""
        names = [self._wanted, *self.entries][: MOST_LOOKED_AT + 1]
        return [self.entries[name] for name in names if name in self.entries]

    def _listed(self, done: bool, message: str, response: ListDemonstrations.Response | None) -> None:
        if response is None:
            self._stale = True
            return
        created = [stamp.sec * 1_000_000_000 + stamp.nanosec for stamp in response.created]
        facts = zip(response.names, response.durations, response.blocks, created, strict=True)
        self.entries = {fact[0]: Entry(*fact) for fact in reversed(list(facts))}
        self._seen = {entry: self._seen[entry] for entry in self._worth_a_look if entry in self._seen}
        self._changed()

    def _read(self, entry: Entry, done: bool, message: str, response: ReadDemonstration.Response | None) -> None:
        if response is None:  # the recorder is busy or gone, which says nothing of the file: ``look`` asks again
            self._reading = False
        elif not done:
            self._keep(entry, message)
        else:  # of numbers that no scene has it fails in many ways, and the page goes on
            data = response.data.tobytes()
            self._process.call(partial(self._keep, entry), make_showing, data, entry.name, self._robot)

    def _keep(self, entry: Entry, showing: Showing | str) -> None:
        self._reading = False
        self._seen[entry] = showing if isinstance(showing, Showing) else f"it cannot be shown: {showing}"
        self._changed()
        self._draw()

    def draw(self, name: str, spans: Sequence[tuple[float, float]], drawn: Drawn) -> None:
        """Have moments of a demonstration drawn, see ``Showing.moments``, once it has been looked at.

        ``drawn`` gets the pictures, or in words why there are none, unless other moments are asked for meanwhile.
        """
        self._wanted, self._drawing = name, _Drawing(name, spans, drawn)
        self._draw()

    def _draw(self) -> None:
        """Begin to draw what was asked for, if it is known what it looks like."""
        drawing = self._drawing
        if drawing is None or drawing.name not in self.entries:
            return
        showing = self._seen.get(self.entries[drawing.name])
        if showing is None:
            return
        self._drawing = None
        if isinstance(showing, Showing):
            self._process.call(drawing.drawn, showing.moments, drawing.spans, self._robot)
        else:
            drawing.drawn(showing)
