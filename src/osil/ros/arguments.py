"""Arguments of a ROS program in which every parameter has one value.

Given several values of one parameter, rcl keeps one of each type and hands out the first of bool, int, float and str,
so that a value of another type than the configuration's, a wrong one above all, is passed over. Here the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from osil.errors import ConfigError
from osil.files import read_text

ALL_NODES = "/**"

Parameters = dict[str, dict[str, yaml.Node]]
"""For each node, by its name with slashes and asterisks, the values of its parameters as written: rcl types them."""


def without_parameters(args: Sequence[str], parameters: Parameters) -> list[str]:
    """The arguments without ``-p`` and ``--params-file``, whose values are added to ``parameters``; the last counts.

    Raises:
        ConfigError: a file or a value cannot be read.
    """
    rest, for_ros, words = [], False, iter(args)
    for word in words:
        for_ros = word == "--ros-args" or (for_ros and word != "--")
        if for_ros and word == "--params-file":
            add_file(Path(next(words, "")), parameters)
        elif for_ros and word in ("-p", "--param"):
            _add_assignment(next(words, ""), parameters)
        else:
            rest.append(word)
    return rest


def add_file(path: Path, parameters: Parameters) -> None:
    """Add the values in a file of parameters; they override those that are already there.

    Raises:
        ConfigError: it cannot be read, or is no file of parameters.
    """
    try:
        tree = yaml.compose(read_text(path))
    except (ConfigError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"parameters in {path}: {error}") from error
    if not isinstance(tree, yaml.MappingNode):
        raise ConfigError(f"parameters in {path}: expected 'node: {{ros__parameters: {{name: value}}}}'")
    for node, name, value in _blocks(tree):
        parameters.setdefault(node, {})[name] = value


def _blocks(tree: yaml.MappingNode, node: str = "") -> Iterator[tuple[str, str, yaml.Node]]:
    """Node, parameter and value of everything in a file, in which namespaces and parameters may be nested."""
    for key, value in tree.value:
        if not isinstance(value, yaml.MappingNode):
            raise ConfigError(f"parameters of node {node or '?'}: expected ros__parameters, got {key.value}: ...")
        if key.value == "ros__parameters":
            yield from ((node, name, leaf) for name, leaf in _leaves(value))
        else:
            yield from _blocks(value, f"{node}/{key.value.strip('/')}")


def _leaves(tree: yaml.MappingNode, prefix: str = "") -> Iterator[tuple[str, yaml.Node]]:
    for key, value in tree.value:
        if isinstance(value, yaml.MappingNode):
            yield from _leaves(value, f"{prefix}{key.value}.")
        else:
            yield prefix + key.value, value


def _add_assignment(assignment: str, parameters: Parameters) -> None:
    """Add ``name:=value`` or ``node:name:=value``, which overrides every file."""
    match = re.fullmatch(r"(?:([^:]+):)?([^:]+):=(.*)", assignment, re.DOTALL)
    try:
        value = yaml.compose(match[3]) if match else None
    except yaml.YAMLError as error:
        raise ConfigError(f"parameter {assignment!r}: {error}") from error
    if match is None or not isinstance(value, yaml.Node):
        raise ConfigError(f"parameter {assignment!r}: expected name:=value")
    node, name = f"{ALL_NODES}/{match[1]}" if match[1] else ALL_NODES, match[2]
    if node == ALL_NODES:
        for values in parameters.values():
            values.pop(name, None)
    parameters.setdefault(node, {})[name] = value


def to_yaml(parameters: Parameters) -> str:
    """The text of a file of parameters."""

    def mapping(values: Mapping[str, yaml.Node]) -> yaml.MappingNode:
        tag = "tag:yaml.org,2002:str"
        items = [(yaml.ScalarNode(tag, name, style='"'), value) for name, value in values.items()]
        return yaml.MappingNode("tag:yaml.org,2002:map", items)

    nodes = {node: mapping({"ros__parameters": mapping(values)}) for node, values in parameters.items() if values}
    return str(yaml.serialize(mapping(nodes)))
