"""Files that a person names: texts that are read whatever wrote them, and places to write to, tried beforehand."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from osil.errors import ConfigError, OsilError

LONGEST_TEXT = 1 << 20
"""Bytes. What a person writes for osil is shorter; whatever is longer is some other file."""


def check_ordinary(path: str | Path, error: type[OsilError] = ConfigError) -> None:
    """Refuse to read what one might wait for in vain. What cannot even be looked at is left to who reads it.

    Raises:
        OsilError: of the kind ``error``: it is a pipe, a socket or a device.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise error(
            f"cannot read {str(path)!r}: expected an ordinary file, got a pipe, a socket or a device; give a file"
        )


def read_text(path: str | Path, error: type[OsilError] = ConfigError) -> str:
    """Read a text that a person has written: UTF-8, with or without a byte order mark.

    Raises:
        OsilError: of the kind ``error``: it cannot be read, is no ordinary file, too long, or no text in UTF-8.
    """
    check_ordinary(path, error)
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST_TEXT + 1)
    except OSError as problem:
        raise error(f"cannot read {str(path)!r}: {problem.strerror}") from problem
    if len(data) > LONGEST_TEXT:
        raise error(f"{path}: expected a text of at most {LONGEST_TEXT >> 20} MiB, got more; is it the right file?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error(
            f"{path}, line {line}: byte 0x{data[problem.start]:02x} is not UTF-8; save the file in that encoding"
        ) from problem
    if "\0" in text:
        raise error(f"{path}: expected a text, got zero bytes; is it the right file?")
    return text


def read_json(path: str | Path, error: type[OsilError] = ConfigError) -> Any:
    """Read a file with one JSON value.

    Raises:
        OsilError: of the kind ``error``: as ``read_text``; or it is not JSON, has a key twice, or NaN or infinity.
    """
    text = read_text(path, error)
    try:
        return json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise error(f"{path} is not JSON as osil writes it: {problem}; make it anew") from problem


def read_json_lines(path: str | Path) -> list[Any]:
    """Read a file with a JSON value a line, which osil has written line by line.

    Raises:
        ConfigError: as ``read_text``; or a line is not JSON, such as the last one after a sudden end.
    """
    values = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError) as problem:
            raise ConfigError(f"{path}, line {number} is not JSON: {problem}; remove the line") from problem
    return values


def add_json_line(path: Path, value: Any) -> None:
    """Add a JSON value to a file for ``read_json_lines``."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in values if names.count(name) > 1)!r} stands there twice")
    return values


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def check_output_file(path: Path | None) -> None:
    """Make sure that a file can be written, before the work that shall fill it; None: none is wanted.

    Its folder is made if missing. What is in the file stays until it is written.

    Raises:
        ConfigError: it cannot.
    """
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.is_symlink() and not path.exists()
        # A pipe that nobody reads would be waited for; this way it is an error.
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666))
        if new:
            path.unlink()
    except OSError as error:
        raise ConfigError(f"cannot write the file {str(path)!r}: {error.strerror}; choose another place") from error


def check_output_folder(path: Path | None) -> None:
    """As ``check_output_file``, of a folder for files. It is made if missing."""
    if path is None:
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ConfigError(f"cannot write to the folder {str(path)!r}: {error.strerror}; choose another one") from error


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written, which appears at ``path`` whole or not at all. Raises OSError."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.writing")  # short, so that every name that a file can have will do
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
