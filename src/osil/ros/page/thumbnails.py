"""The newest demonstrations with their pictures, to choose one with a click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape

from viser import GuiApi, GuiButtonHandle, GuiHtmlHandle

from osil.ros.page.inbox import Inbox
from osil.ros.page.pictures import html_image
from osil.ros.page.shelf import Entry
from osil.ros.page.showing import Showing

CHOSEN, OTHER = "blue", "gray"


class Thumbnails:
    """A button with the name of each, and below it the picture and what is known. Both choose it."""

    def __init__(self, gui: GuiApi, inbox: Inbox, choose: Callable[[str], object]) -> None:
        """Make them in the current container of ``gui``; ``choose``: told the name that was clicked on."""
        self._gui, self._inbox, self._choose = gui, inbox, choose
        self._folder = gui.add_folder("The newest", visible=False)
        self._rows: list[tuple[GuiButtonHandle, GuiHtmlHandle]] = []
        self._names: Sequence[str] = ()

    def show(self, entries: Sequence[tuple[Entry, Showing | None]], chosen: str) -> None:
        """Show these, each with what it looks like if that is known; ``chosen``: the name of the one that is."""
        self._names = [entry.name for entry, _ in entries]
        self._folder.visible = bool(entries)
        while len(self._rows) < len(entries):
            self._add_row()
        for number, (button, about) in enumerate(self._rows):
            button.visible = about.visible = number < len(entries)
        for (button, about), (entry, showing) in zip(self._rows, entries, strict=False):
            button.label, button.color = entry.name, CHOSEN if entry.name == chosen else OTHER
            about.content = _about(entry, showing, button)

    def _add_row(self) -> None:
        with self._folder:
            button, about = self._gui.add_button("", visible=False), self._gui.add_html("", visible=False)
        self._inbox.collect(button, partial(self._press, len(self._rows)))
        self._rows.append((button, about))

    def _press(self, number: int) -> None:
        if number < len(self._names):
            self._choose(self._names[number])


def _about(entry: Entry, showing: Showing | None, button: GuiButtonHandle) -> str:
    """HTML that presses the button where it is clicked on."""
    picture = html_image(showing.picture, "width:96px;align-self:start") if showing else ""
    facts = f"{entry.seconds:.0f} s, blocks {escape(' '.join(entry.blocks))}, {entry.date}"
    layout = f"<br>{escape(showing.layout)}" if showing else ""
    style = "display:flex;gap:.6em;margin:0 .8em .8em;overflow-wrap:anywhere;cursor:pointer"
    return f'<label for="{button._impl.uuid}" style="{style}">{picture}<small>{facts}{layout}</small></label>'
