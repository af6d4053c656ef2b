"""A folder of demonstrations: which there are, and where one is that was asked for by its name or path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from osil.demonstrations.names import SUFFIX, checked_name, to_path, to_text
from osil.errors import DemonstrationError

UNFINISHED = ".partial"
"""Suffix of a recording under way, whose file is hidden besides."""

SHOWN = 20
"""Most names that a refusal lists."""


def absolute(path: str) -> Path:
    """An absolute path, from the working folder on, or from a home folder (``~``)."""
    return to_path(os.path.abspath(os.path.expanduser(path)))


def recovered(path: Path, name: str) -> Path:
    """A file beside ``path`` that does not exist, for what was recovered of the demonstration ``name``."""
    names = (f"{name}-recovered{'' if number == 1 else f'-{number}'}{SUFFIX}" for number in count(1))
    return next(new for one in names if not os.path.lexists(new := path.with_name(to_path(one).name)))


@dataclass(frozen=True)
class Library:
    """Demonstrations by name. ``folder`` is an absolute path, and need not exist.

    Raises:
        DemonstrationError: it is something else than a folder.
    """

    folder: Path

    def __post_init__(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise DemonstrationError(f"demonstrations {to_text(self.folder)}: expected a folder, got a file")

    def path(self, name: str) -> Path:
        """The file of a demonstration, there or not; its name may be given with the suffix of the file.

        Raises:
            DemonstrationError: it cannot be a name.
        """
        return self.folder / to_path(checked_name(name) + SUFFIX)

    def partial(self, name: str) -> Path:
        """The file in which a demonstration lies while it is recorded. Raises what ``path`` does."""
        return self.folder / to_path(f".{checked_name(name)}{UNFINISHED}")

    def files(self) -> list[Path]:
        """The demonstrations that there are, or what has the suffix of one."""
        return [path for path in self._entries(SUFFIX) if not path.name.startswith(".")]

    def unfinished(self) -> list[Path]:
        """Recordings under way, or left behind by a recorder that was killed."""
        return list(self._entries(UNFINISHED))

    def _entries(self, suffix: str) -> Iterator[Path]:
        return iter(sorted(path for path in self.folder.glob("*") if path.suffix == suffix))

    def find(self, demonstration: str) -> Path:
        """The file of a demonstration, absolute. What has a slash is a path, anything else a name.

        Raises:
            DemonstrationError: there is none; the message says which there are.
        """
        path = absolute(demonstration) if "/" in demonstration else self.path(demonstration)
        if os.path.lexists(path):
            return path
        readable = (file for file in self.files() if os.path.isfile(file) and os.access(file, os.R_OK))
        names = [to_text(Path(file.stem)) for file in readable]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise DemonstrationError(
            f"cannot read {to_text(path)}: there is no such demonstration; expected a path, or one of the names in "
            f"{to_text(self.folder)}: {', '.join(names[:SHOWN]) or '(it has none: record one first)'}{more}"
        )
