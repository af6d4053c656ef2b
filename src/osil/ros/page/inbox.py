"""What was done on the page, in order, for the one thread in which a node lives."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue

from viser import GuiButtonHandle, GuiEvent

Deed = Callable[[], object]


class Inbox:
    """The web server puts things in from its own thread; the node takes them out and does them in its own."""

    def __init__(self) -> None:
        self._deeds: SimpleQueue[Deed] = SimpleQueue()

    def put(self, deed: Deed) -> None:
        """Have this done by whoever empties the inbox."""
        self._deeds.put(deed)

    def collect(self, button: GuiButtonHandle, deed: Deed) -> None:
        """Have this done whenever the button is pressed."""

        async def pressed(event: GuiEvent[GuiButtonHandle]) -> None:  # viser would run others in threads of a pool
            self.put(deed)

        button.on_click(pressed)

    def empty(self) -> None:
        """Do what was put in, in its order."""
        while not self._deeds.empty():
            self._deeds.get()()
