"""ROS parameters as frozen dataclasses: one field is one declared, described parameter of a node, within its range.

The dataclass says what a parameter means, what it can be and whether it can be changed while the node runs; its value
comes from ``config/``, where each has its one home.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from osil.errors import ConfigError

P = TypeVar("P")

LARGEST_INTEGER = 2**63 - 1
"""That a parameter can be."""


def parameter(description: str, least: float | None = None, most: float | None = None, live: bool = False) -> Any:
    """A dataclass field that is a parameter.

    Args:
        description: what it means, with its unit.
        least, most: ends of its range, of a number.
        live: it can be changed while the node runs, where the node heeds that.
    """
    return dataclasses.field(metadata={"description": description, "range": (least, most), "live": live})


def declare(node: Node, parameters: type[P], adopt: Callable[[P], object] | None = None) -> P:
    """Declare every field of a dataclass as a parameter of the node and return the values that were set.

    Args:
        node: see above.
        parameters: the dataclass.
        adopt: called with all values when some have been changed while the node runs; left out: none can be.

    Raises:
        ConfigError: a value is missing, has the wrong type, is not finite or beyond its range, or the dataclass refuses
            it.
    """
    declared = _Declared(node, parameters, adopt)
    if adopt is not None:
        node.add_on_set_parameters_callback(declared.judge)
        node.add_post_set_parameters_callback(declared.take)
    return declared.values


class _Declared(Generic[P]):
    """The parameters of one dataclass in a node. ``values``: as they are now."""

    def __init__(self, node: Node, parameters: type[P], adopt: Callable[[P], object] | None) -> None:
        self._node, self._adopt = node, adopt
        self._fields = {field.name: field for field in dataclasses.fields(parameters)}  # type: ignore[arg-type]
        self._types = typing.get_type_hints(parameters)
        self.values = parameters(**{name: self._declare(name) for name in self._fields})

    def _declare(self, name: str) -> Any:
        # First of any type, so that a wrong one is refused in words of ours.
        found = self._node.declare_parameter(name, None, ParameterDescriptor(dynamic_typing=True)).value
        value = self._checked(name, found)
        metadata = self._fields[name].metadata
        live = metadata["live"] and self._adopt is not None
        descriptor = ParameterDescriptor(
            description=metadata["description"],
            type=Parameter.Type.from_parameter_value(value).value,
            read_only=not live,
            additional_constraints="" if live else "takes effect when the node starts",
        )
        least, most = metadata["range"]
        if least is not None:
            if self._types[name] is float:
                descriptor.floating_point_range = [FloatingPointRange(from_value=least, to_value=most)]
            else:
                descriptor.integer_range = [IntegerRange(from_value=least, to_value=most)]
        self._node.set_parameters([Parameter(name, value=value)])  # 2 has become 2.0
        self._node.set_descriptor(name, descriptor)
        return value

    def _checked(self, name: str, value: Any) -> Any:
        """The value, of its type and within its range; else raises ConfigError."""
        wanted, metadata = self._types[name], self._fields[name].metadata
        if wanted is float and type(value) is int:  # so that 2 may be written for 2.0
            value = float(value)
        least, most = metadata["range"]
        if type(value) is not wanted or (wanted is float and not math.isfinite(value)):
            expected = wanted.__name__
        elif least is not None and not least <= value <= most:
            expected = f"{least:g} to {most:g}"
        else:
            return value
        raise ConfigError(
            f"parameter {name} of {self._node.get_name()} ({metadata['description']}): "
            f"expected {expected}, got {'nothing' if value is None else repr(value)}"
        )

    def _changed(self, given: Collection[Parameter]) -> P:
        """All values, with those that are given and are among them."""
        changes = {one.name: self._checked(one.name, one.value) for one in given if one.name in self._fields}
        return dataclasses.replace(self.values, **changes)  # type: ignore[type-var]

    def judge(self, given: Collection[Parameter]) -> SetParametersResult:
        """Whether parameters can be set so."""
        try:
            self._changed(given)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def take(self, given: Collection[Parameter]) -> None:
        """Parameters have been set."""
        if any(one.name in self._fields for one in given):
            self.values = self._changed(given)
            assert self._adopt is not None
            self._adopt(self.values)


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


def require(condition: bool, message: str) -> None:
    """Refuse a parameter value with a ConfigError; for the ``__post_init__`` of parameter dataclasses.

    Raises:
        ConfigError: the condition does not hold.
    """
    if not condition:
        raise ConfigError(message)
