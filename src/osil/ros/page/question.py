"""What is asked before something is done that moves the arm, or is done for good."""

from __future__ import annotations

import time

from viser import GuiApi

from osil.ros.page.inbox import Deed, Inbox
from osil.ros.page.words import write


class Question:
    """A text with a button for yes and one for no; both hidden unless it is asked."""

    def __init__(self, gui: GuiApi, inbox: Inbox, yes: str, no: str) -> None:
        """``yes`` and ``no``: what stands on the buttons."""
        self._text = gui.add_markdown("", visible=False)
        self._pictures = gui.add_html("", visible=False)
        self._yes = gui.add_button(yes, color="orange", visible=False)
        self._no = gui.add_button(no, color="gray", visible=False)
        self._deed: Deed | None = None
        self._asked = 0.0
        inbox.collect(self._yes, self._answer)
        inbox.collect(self._no, self.withdraw)

    @property
    def waited(self) -> float:
        """Seconds for which it has waited for an answer; 0: it is not asked."""
        return 0.0 if self._deed is None else time.monotonic() - self._asked

    def ask(self, markdown: str, deed: Deed) -> None:
        """Show ``markdown``, and do ``deed`` if the answer is yes."""
        write(self._text, markdown)
        self._pictures.content = ""
        self._deed, self._asked = deed, time.monotonic()
        self._show(True)

    def illustrate(self, html: str) -> None:
        """Show pictures between question and answers."""
        self._pictures.content = html

    def withdraw(self) -> None:
        """Ask no more."""
        self._deed = None
        self._show(False)

    def _answer(self) -> None:
        deed = self._deed
        self.withdraw()
        if deed is not None:
            deed()

    def _show(self, visible: bool) -> None:
        for part in (self._text, self._pictures, self._yes, self._no):
            part.visible = visible
