"""Settings from files: plain values into frozen dataclasses, where an unknown key or a wrong type is an error."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import dacite
import yaml

from osil.errors import ConfigError
from osil.files import read_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")

FEW = 5
"""Most settings that a refusal names."""


def from_values(cls: type[C], values: Any, where: str) -> C:
    """Make a ``cls`` of plain values. Raises ConfigError, which names ``where`` they come from, if they do not fit."""
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(f"{where}: expected settings by name, such as 'seed: 0', got {_shortened(values)}")
    try:
        return dacite.from_dict(cls, values, dacite.Config(strict=True, cast=[tuple]))
    except dacite.UnexpectedDataError as error:
        unknown = ", ".join(map(_shortened, sorted(error.keys, key=str)[:FEW]))
        raise ConfigError(f"{where}: there is no setting {unknown}; is it spelled so, and the right file?") from error
    except (dacite.DaciteError, TypeError, ValueError) as error:  # the last two: of the dataclasses themselves
        raise ConfigError(f"{where}: {error}") from error


def from_yaml(cls: type[C], path: str | Path) -> C:
    """Make a ``cls`` of a YAML file. Raises ConfigError if it cannot be read or does not fit."""
    text = read_text(path)
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(f"{path}, line {line}: {error.problem}; mend it and try again") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    return from_values(cls, values, str(path))


class _Loader(yaml.SafeLoader):
    """Plain values only. A key that stands there twice and NaN are errors."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands here again", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        number: float = self.construct_yaml_float(node)
        if math.isnan(number):
            raise yaml.MarkedYAMLError(problem=f"{node.value} is not a number", problem_mark=node.start_mark)
        return number


_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_number)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The settings that differ, ``name: old, now new``, the first few of them; empty if none does."""
    flat, now = _flat(old), _flat(new)
    names = [name for name in sorted(flat.keys() | now.keys()) if flat.get(name) != now.get(name)]
    told = [f"{name}: {_cut(flat.get(name, 'unset'))}, now {_cut(now.get(name, 'unset'))}" for name in names[:FEW]]
    return "; ".join(told + [f"and {len(names) - FEW} more"] * (len(names) > FEW))


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings as one dictionary with names such as ``sampling.pairs``."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, Mapping) else {before + name: value}
    return flat


def _shortened(values: Any) -> str:
    return _cut("nothing" if values is None else repr(values))


def _cut(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def check_at_least(settings: object, **least: float) -> None:
    """Refuse settings that are too small, given by name with the least that makes sense; for their ``__post_init__``.

    Raises:
        ConfigError: one is smaller.
    """
    for name, smallest in least.items():
        if not (value := getattr(settings, name)) >= smallest:
            raise ConfigError(f"{name} {value}: expected {smallest:g} or more")
