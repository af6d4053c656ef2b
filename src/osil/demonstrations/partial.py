"""Recordings on disk while they are being made, so that whatever ends the recorder loses none; and their recovery."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from osil.core import Action, Observation
from osil.demonstrations import storage
from osil.demonstrations.library import UNFINISHED, recovered
from osil.demonstrations.names import to_text
from osil.demonstrations.replay import ReplayMessages, ReplayStep, read_replay
from osil.demonstrations.steps_file import StepWriter, read_contents
from osil.errors import DemonstrationError

FEWEST = 2
"""Steps of a demonstration."""

SPACE = 2**24
"""Bytes that must be free on the disk before a recording begins: of a few minutes."""


class Partial:
    """The file of a recording under way: each step is on it as soon as it is appended.

    It is hidden, and locked while it is open, so that nobody takes it for a whole one or for one that was left behind.
    """

    def __init__(self, path: Path) -> None:
        """Begin one, in a folder that is made if it is missing.

        Raises:
            DemonstrationError: there is one of this name already, or the folder cannot be written or is full.
        """
        self.path = path
        if os.path.lexists(path):
            _refuse_locked(path)
            raise DemonstrationError(
                f"{to_text(path)} exists: an unfinished recording of this name; choose another name, or see what is in "
                f"it: osil demonstration recover {to_text(path)}"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(path.parent).free
            if free < SPACE:
                raise OSError(errno.ENOSPC, f"only {free / 2**20:.1f} MB of the {SPACE / 2**20:.0f} MB wanted are free")
            self._file = path.open("xb")
            try:
                _lock(self._file)
                self._writer = StepWriter(self._file, chunk_size=1)
                self._file.flush()
            except OSError:
                self.remove()
                raise
        except OSError as error:
            raise DemonstrationError(
                f"cannot write in {to_text(path.parent)}: {error.strerror}; expected a folder with free space that can "
                "be written; make it one, or choose another"
            ) from error

    def describe(self, name: str, block_names: Sequence[str], description: str) -> None:
        """Say what is recorded, with a robot of this description; before the first step."""
        self._writer.describe(storage.describe(name, block_names), ReplayMessages(description, block_names))

    def append(self, observation: Observation, action: Action, stamp: int, seen: ReplayStep) -> None:
        """Write one step, see ``StepWriter.append``.

        Raises:
            OSError: the disk is full, or gone.
        """
        self._writer.append(observation, action, stamp, seen)
        self._file.flush()

    def close(self) -> None:
        """Leave the file to be recovered."""
        with suppress(OSError):  # what a full disk did not take is lost; all before it lies there
            self._file.close()

    def remove(self) -> None:
        """The recording is stored elsewhere, or not wanted."""
        self.close()
        with suppress(OSError):  # at worst it is recovered once more
            self.path.unlink()


def recover(path: Path) -> Path | None:
    """Make a whole demonstration of the steps that an unfinished or damaged file still holds, up to the damage.

    Args:
        path: of a recording that was left behind, which is removed once its steps are safe, or of a damaged
            demonstration, which is kept.

    Returns:
        The new file beside it, named after it and never one that existed; None if the recording ended before it had
        the two steps of a demonstration.

    Raises:
        DemonstrationError: the file is whole, is being recorded just now, or holds too little that can be read; or the
            folder cannot be written.
    """
    contents, unfinished = read_contents(path), path.suffix == UNFINISHED
    if not contents.problem:
        raise DemonstrationError(f"{to_text(path)} is whole; there is nothing to recover, use it as it is")
    if unfinished:
        _refuse_locked(path)
    if unfinished and contents.cut and len(contents.steps) < FEWEST:
        _remove(path)
        return None
    if len(contents.steps) < FEWEST:
        raise DemonstrationError(
            f"{to_text(path)}: expected {FEWEST} steps or more, got {len(contents.steps)} before damage "
            f"({contents.problem}); nothing can be recovered, delete it"
        )
    stored = storage.parse(contents, path)
    new = recovered(path, to_text(Path(path.stem.removeprefix("."))))
    replay = read_replay(contents.shown, len(contents.steps), stored.block_names)
    storage.save(stored.demonstration, new, to_text(Path(new.stem)), stored.block_names, stored.stamps, replay)
    if unfinished:
        _remove(path)
    return new


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DemonstrationError(f"cannot remove {to_text(path)}: {error.strerror}; remove it") from error


def _refuse_locked(path: Path) -> None:
    try:
        with path.open("rb") as file:
            _lock(file)
    except BlockingIOError as error:
        raise DemonstrationError(f"{to_text(path)} is being recorded just now; stop that first") from error
    except OSError as error:
        raise DemonstrationError(f"cannot read {to_text(path)}: {error.strerror}") from error


def _lock(file: IO[bytes]) -> None:
    """Until the file is closed, or the process ends."""
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
