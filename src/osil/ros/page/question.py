"""What is asked before something is done that moves the arm."""

from __future__ import annotations

from viser import GuiApi

from osil.ros.page.inbox import Deed, Inbox
from osil.ros.page.words import write


class Question:
    """A text with a button for yes and one for no; both hidden unless it is asked."""

    def __init__(self, gui: GuiApi, inbox: Inbox, yes: str, no: str) -> None:
        """``yes`` and ``no``: what stands on the buttons."""
        self._text = gui.add_markdown("", visible=False)
        self._yes = gui.add_button(yes, color="orange", visible=False)
        self._no = gui.add_button(no, color="gray", visible=False)
        self._deed: Deed | None = None
        inbox.collect(self._yes, self._answer)
        inbox.collect(self._no, self.withdraw)

    def ask(self, markdown: str, deed: Deed) -> None:
        """Show ``markdown``, and do ``deed`` if the answer is yes."""
        write(self._text, markdown)
        self._deed = deed
        self._show(True)

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
        for part in (self._text, self._yes, self._no):
            part.visible = visible
