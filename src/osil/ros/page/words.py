"""Words on the page: viser renders Markdown, HTML included, and what nodes say is neither."""

from __future__ import annotations

import re

from viser import GuiMarkdownHandle


def plain(text: str) -> str:
    """Markdown that shows ``text`` as it is, on one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def write(handle: GuiMarkdownHandle, markdown: str) -> None:
    """Show this, and send it only if it is news."""
    if handle.content != markdown:
        handle.content = markdown
