"""Names of demonstrations and of their files, in any language and whatever the locale of the machine."""

from __future__ import annotations

import os
from pathlib import Path

from osil.errors import DemonstrationError

SUFFIX = ".mcap"

LONGEST = 200
"""Bytes of a name. File systems take 255, of which suffixes, and the words that recovery adds, need their part."""


def to_path(text: str | Path) -> Path:
    """The path whose bytes are the UTF-8 of ``text``, under locales that know no such letters, too.

    Raises:
        DemonstrationError: it has half characters (lone surrogates), which no file name can hold.
    """
    try:
        return Path(os.fsdecode(str(text).encode("utf-8", "surrogateescape")))
    except UnicodeEncodeError as error:
        raise DemonstrationError(f"{str(text)!r} cannot be a file name: {error.reason}; choose another") from error


def to_text(path: Path) -> str:
    """A path as people and messages may read it: ``to_path`` undone. Bytes that are not UTF-8 are shown as �."""
    return os.fsencode(path).decode("utf-8", "replace")


def checked_name(text: str) -> str:
    """The name of a demonstration, given with or without the suffix of its file.

    Raises:
        DemonstrationError: it cannot be the name of a file, or would make one that is awkward to handle.
    """
    name = text.removesuffix(SUFFIX)
    size = len(name.encode("utf-8", "replace"))
    if size > LONGEST:
        raise DemonstrationError(f"a name of {size} bytes: expected at most {LONGEST} bytes of UTF-8; choose another")
    awkward = "/" in name or name.startswith((".", "-")) or name.endswith(SUFFIX) or name != name.strip()
    if not name or not name.isprintable() or awkward:
        raise DemonstrationError(
            f"{text!r} cannot be a file name: expected printable characters, no slash, no dot or dash at the beginning "
            "and no space at either end; choose another"
        )
    return name
