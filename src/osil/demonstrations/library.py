"""A folder of demonstrations: which there are, where one is, and what is done with their files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from osil.demonstrations import storage
from osil.demonstrations.names import SUFFIX, checked_name, to_path, to_text
from osil.demonstrations.steps_file import read_bytes
from osil.errors import DemonstrationError
from osil.files import whole_file

UNFINISHED = ".partial"
"""Suffix of a recording under way, whose file is hidden besides."""

SHOWN = 20
"""Most names that a refusal lists."""

LARGEST_SENT = 2**25
"""Bytes of a file that is handed out or taken in as a whole: of a demonstration of seven minutes."""


def absolute(path: str) -> Path:
    """An absolute path, from the working folder on, or from a home folder (``~``)."""
    return to_path(os.path.abspath(os.path.expanduser(path)))


def recovered(path: Path, name: str) -> Path:
    """A file beside ``path`` that does not exist, for what was recovered of the demonstration ``name``."""
    names = (f"{name}-recovered{'' if number == 1 else f'-{number}'}{SUFFIX}" for number in count(1))
    return next(new for one in names if not os.path.lexists(new := path.with_name(to_path(one).name)))


@contextmanager
def _refused(deed: str) -> Iterator[None]:
    """Raises DemonstrationError for what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise DemonstrationError(
            f"cannot {deed}: {error.strerror}; expected a file in a folder that can be written, and a disk with room"
        ) from error


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

    def free_path(self, name: str) -> Path:
        """The file of a demonstration that is yet to be.

        Raises:
            DemonstrationError: it cannot be a name, or is taken.
        """
        path = self.path(name)
        if os.path.lexists(path):
            raise DemonstrationError(f"{to_text(path)} exists; choose another name, or move that file away")
        return path

    def read(self, name: str) -> bytes:
        """The file of a demonstration.

        Raises:
            DemonstrationError: there is none, or it is larger than ``LARGEST_SENT`` or cannot be read.
        """
        return read_bytes(self._own(name), LARGEST_SENT)

    def add(self, name: str, data: bytes) -> Path:
        """Store what is in a file of a demonstration; returns where. It appears there whole or not at all.

        Raises:
            DemonstrationError: the name is taken or none; or ``data`` are more than ``LARGEST_SENT`` bytes, damaged, or
                no demonstration; or they cannot be written.
        """
        path = self.free_path(name)
        if len(data) > LARGEST_SENT:
            raise DemonstrationError(
                f"{name}: expected a file of at most {LARGEST_SENT} bytes, got {len(data)}; copy it into "
                f"{to_text(self.folder)}"
            )
        storage.loads(data, name)
        with _refused(f"write {to_text(path)}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as file:
                file.write(data)
        return path

    def rename(self, name: str, new_name: str) -> Path:
        """Give a demonstration another name; returns its file.

        Raises:
            DemonstrationError: there is none, or the new name is taken or none, or the folder cannot be written.
        """
        path, new = self._own(name), self.free_path(new_name)
        with _refused(f"rename {to_text(path)}"):
            path.rename(new)
        return new

    def delete(self, name: str) -> None:
        """Delete a demonstration for good.

        Raises:
            DemonstrationError: there is none, or the folder cannot be written.
        """
        path = self._own(name)
        with _refused(f"delete {to_text(path)}"):
            path.unlink()

    def _own(self, name: str) -> Path:
        """The file of a demonstration in this folder, by its name alone. Raises what ``find`` does."""
        return self.find(checked_name(name))

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
