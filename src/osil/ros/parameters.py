"""ROS parameters as frozen dataclasses: one field is one declared, described, read-only parameter of a node.

The dataclass says what a parameter means; its value comes from ``config/``, where each has its one home.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Collection
from typing import Any, TypeVar

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from osil.errors import ConfigError

P = TypeVar("P")


def parameter(description: str) -> Any:
    """A dataclass field that is a parameter: what it means, with its unit."""
    return dataclasses.field(metadata={"description": description})


def declare(node: Node, parameters: type[P]) -> P:
    """Declare every field of a dataclass as a parameter of the node and return the values that were set.

    Raises:
        ConfigError: a value is missing, has the wrong type or is not finite, or the dataclass refuses it.
    """
    types, values = typing.get_type_hints(parameters), {}
    for field in dataclasses.fields(parameters):  # type: ignore[arg-type]
        descriptor = ParameterDescriptor(description=field.metadata["description"], read_only=True, dynamic_typing=True)
        value = node.declare_parameter(field.name, None, descriptor).value
        wanted = types[field.name]
        if wanted is float and type(value) is int:  # so that 2 may be written for 2.0
            value = float(value)
        if type(value) is not wanted or (wanted is float and not math.isfinite(value)):
            raise ConfigError(
                f"parameter {field.name} of {node.get_name()} ({field.metadata['description']}): "
                f"expected {wanted.__name__}, got {'nothing' if value is None else repr(value)}"
            )
        values[field.name] = value
    return parameters(**values)


def check_all_known(node: Node, names: Collection[str]) -> None:
    """Refuse values that were given for parameters which the node does not have; call it when all are declared.

    Args:
        node: has declared its parameters.
        names: of the parameters in its file in ``config/``, which some nodes share.

    Raises:
        ConfigError: there is such a value.
    """
    # rclpy has no public way to tell what was given.
    unknown = [name for name in node._parameter_overrides if name not in names and not node.has_parameter(name)]
    if unknown:
        raise ConfigError(
            f"node {node.get_fully_qualified_name()} has no parameter {', '.join(sorted(unknown))}; "
            f"it has {', '.join(sorted(names))}. In a file, put what is for another node under that node's name"
        )


def require_positive(parameters: object, *names: str) -> None:
    """Refuse parameters of these names that are not more than 0; for the ``__post_init__`` of parameter dataclasses.

    Raises:
        ConfigError: there is one.
    """
    for name in names:
        value = getattr(parameters, name)
        require(value > 0, f"{name} {value}: expected more than 0")


def require(condition: bool, message: str) -> None:
    """Refuse a parameter value with a ConfigError; for the ``__post_init__`` of parameter dataclasses.

    Raises:
        ConfigError: the condition does not hold.
    """
    if not condition:
        raise ConfigError(message)
