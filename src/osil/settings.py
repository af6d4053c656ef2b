"""Settings from files: plain values into frozen dataclasses, where an unknown key or a wrong type is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import dacite
import yaml

from osil.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")


def from_values(cls: type[C], values: dict[str, Any], where: str) -> C:
    """Make a ``cls`` of plain values. Raises ConfigError, which names ``where`` they come from, if they do not fit."""
    try:
        return dacite.from_dict(cls, values, dacite.Config(strict=True, cast=[tuple]))
    except dacite.DaciteError as error:
        raise ConfigError(f"{where}: {error}") from error


def from_yaml(cls: type[C], path: str | Path) -> C:
    """Make a ``cls`` of a YAML file. Raises ConfigError if it cannot be read or does not fit."""
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return from_values(cls, values, str(path))
