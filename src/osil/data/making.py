"""How the demonstrations in a folder were made. One folder holds those of one making: nothing is mixed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osil.errors import DemonstrationError
from osil.files import read_json
from osil.settings import differences

NOTE = "collection.json"
"""The file in the folder that says it."""

Making = Mapping[str, str | int]
"""World, teacher, seed ... by name."""


def claim(folder: Path, making: Making) -> None:
    """Note in ``folder`` how its demonstrations are made. A folder that is noted so already goes on being filled.

    Raises:
        DemonstrationError: there are demonstrations of another making, or of one that is not known; or the folder
            cannot be written.
    """
    path = folder / NOTE
    recordings, trajectories = (next(folder.glob(f"*/*.{kind}"), None) for kind in ("mcap", "h5"))
    try:
        if path.exists() and (recordings or trajectories):
            check(path, _read(path), making)
            return
        if recordings:  # trajectories say themselves how they were made
            raise DemonstrationError(f"{folder}: no {NOTE} says how {recordings.name} was made; choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{NOTE}.{os.getpid()}")
        partial.write_text(json.dumps(dict(making), indent=2) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise DemonstrationError(f"cannot write {path}: {error.strerror}; choose another folder") from error


def check(path: Path, there: Making, wanted: Making) -> None:
    """Raise DemonstrationError, which names what differs, unless what ``path`` holds was made as ``wanted``."""
    if other := differences(there, wanted):
        raise DemonstrationError(f"{path}: demonstrations of another making: {other}; choose another folder")


def _read(path: Path) -> Making:
    making: Any = read_json(path, DemonstrationError)
    if not isinstance(making, dict):
        raise DemonstrationError(f"{path} is damaged: expected settings by name; choose another folder")
    return making
