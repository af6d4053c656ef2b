"""The nodes for launch files. Needs ROS 2's ``launch`` and ``launch_ros``.

A node that is killed or crashes comes back. One that leaves with a named error, which it would meet again, ends the
launch, and so does the end of the simulation, without which the others would wait for ever.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events.process import ProcessExited, ProcessIO
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch_ros.actions import Node

from osil.choices import MODEL, ROBOT
from osil.errors import ConfigError
from osil.resources import resource_path
from osil.ros.launch_tools import ROBOT_STATE_PUBLISHER, installed, robot_state_publisher, rviz
from osil.ros.lifeline import lifeline
from osil.ros.node_processes import NodeProcessError, how_it_died, program

ARGUMENTS = {
    "model": MODEL,
    "demonstrations": "folder of the demonstration files",
    "robot": ROBOT,
    "block_size": "edge length of the blocks, metres",
    "autostart": "false: controller, recorder and policy wait until somebody activates them",
}
"""Launch arguments of every launch file that are parameters of nodes. What is not given comes from ``config/``."""

TRACKER_ARGUMENTS = {
    "tags": "which tags are on which blocks: a YAML in config/, or a path",
    "camera_pose": "where the camera is: a YAML in config/, or a path",
}

SIMULATION_ARGUMENTS = {
    "num_blocks": "blocks on the table at the start",
    "seed": "of the random layout at the start",
    "real_time_factor": "simulated seconds a second",
    "gui": "true: open PyBullet's window",
}

FETCH_ARGUMENTS = {
    "host": "where rosbridge listens: the robot, or localhost at the end of an ssh tunnel",
    "port": "on which rosbridge listens",
    "table_height": "of the table top over the floor, metres; 0: as in the robot's configuration",
}

OWN_ARGUMENTS: dict[str, dict[str, object]] = {
    "namespace": {"default_value": "", "description": "of all nodes and topics"},
    "log_level": {
        "default_value": "info",
        "description": "of all nodes",
        "choices": ["debug", "info", "warn", "error", "fatal"],
    },
    "rviz": {"default_value": "false", "description": "open RViz", "choices": ["true", "false"]},
    "page": {
        "default_value": "false",
        "description": "also a page in the browser, whose address is printed",
        "choices": ["true", "false"],
    },
}
"""Launch arguments of every launch file that are about the launch itself, as launch declares them."""

TRACKER: dict[str, dict[str, object]] = {
    "tracker": {
        "default_value": "false",
        "description": "find blocks by tags in the pictures of a camera",
        "choices": ["true", "false"],
    }
}
"""The same of launch files that can start a tracker."""

LAUNCH_ARGUMENTS = {"emulate_tty", "launch-prefix", "launch-prefix-filter", "sigkill_timeout", "sigterm_timeout"}
"""Arguments that launch itself heeds, in every launch file."""

LAST_WORDS = 0.2
"""Seconds after the end of a node in which what it has printed is still read."""

RESPAWN_DELAY = 2.0
"""Seconds after which a node that died is started again."""


def describe(
    nodes: Sequence[str],
    arguments: Mapping[str, str],
    tracking: Sequence[str] = (),
    parameters: Mapping[str, object] | None = None,
    of_nodes: Mapping[str, Mapping[str, object]] | None = None,
    remappings: Sequence[tuple[str, str]] = (),
    beside: Callable[[LaunchContext], list[LaunchDescriptionEntity]] = lambda context: [],
) -> LaunchDescription:
    """A launch description of ``nodes``. A launch argument that it does not know ends the launch with a ConfigError.

    Args:
        nodes: names as in ``osil.ros.node_processes``.
        arguments: launch arguments that are parameters of the nodes that have them, and what they mean.
        tracking: further nodes, started by ``tracker:=true``; none: there is no such argument.
        parameters: set for all nodes that have them, overriding ``config/``; defaults of arguments that no node has.
        of_nodes: the same for one node each, whose name of a parameter others have, too.
        remappings: of topic names, for all nodes.
        beside: makes what runs beside the nodes.
    """
    arguments = {**arguments, **(TRACKER_ARGUMENTS if tracking else {})}
    own = {**OWN_ARGUMENTS, **(TRACKER if tracking else {})}
    set_for = {
        node: {**_known(node, parameters or {}), **(of_nodes or {}).get(node, {})}
        for node in (*nodes, *tracking, "page")
    }
    defaults = {node: {**config_of(node), **set_for[node]} for node in (*nodes, *tracking)}
    first = {name: value for values in reversed(defaults.values()) for name, value in values.items()}
    first = {**(parameters or {}), **first}

    def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
        _check_known(context, [*arguments, *own])
        given = context.launch_configurations
        options = {
            "namespace": given["namespace"] or None,
            "output": "screen",
            "emulate_tty": True,
        }
        told = ["--log-level", given["log_level"]]
        chosen = {name: given[name] for name in (*arguments, *own)}

        def make(node: str, values: Mapping[str, object], respawn: bool) -> Node:
            again = {"name": node, "exec_name": node, "respawn": respawn, "respawn_delay": RESPAWN_DELAY}
            if node == ROBOT_STATE_PUBLISHER and installed(node):
                return robot_state_publisher({**defaults[node], **values}, ros_arguments=told, **again, **options)
            return Node(
                executable=program(node)[0],
                arguments=program(node)[1:],
                ros_arguments=[*_assignments(values), *told],
                remappings=list(remappings),
                additional_env=lifeline(),
                **again,
                **options,
            )

        entities = beside(context)
        asked = (*(tracking if given.get("tracker") == "true" else ()), *(["page"] if given["page"] == "true" else []))
        for node in (*nodes, *asked):
            values = {**set_for[node], **_known(node, chosen)}
            starts = set_for[node].get("autostart")
            if starts is None or values["autostart"] == _text(starts):
                entities += _supervised(node, make(node, values, respawn=node != "simulation"))
            else:  # for this launch alone: what comes back after a crash must not undo a stop
                back = make(node, {**values, "autostart": starts}, respawn=True)
                entities += _supervised(node, make(node, values, respawn=False), back)
        if given["rviz"] == "true":
            entities.append(rviz(first["use_sim_time"], **options))
        return entities

    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=_text(first[name]), description=text)
                for name, text in arguments.items()
            ),
            *(DeclareLaunchArgument(name, **declaration) for name, declaration in own.items()),
            OpaqueFunction(function=start),
        ]
    )


def config_of(node: str) -> dict[str, object]:
    """The parameters of a node with their values in ``config/``."""
    config = yaml.safe_load(resource_path("config", f"{node}.yaml").read_text())
    parameters: dict[str, object] = config["/**"]["ros__parameters"]
    return parameters


def _known(node: str, values: Mapping[str, object]) -> dict[str, object]:
    """Those of the values that are parameters of the node."""
    known = config_of(node)
    return {name: value for name, value in values.items() if name in known}


def _text(value: object) -> str:
    """A value as it is written on a command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _assignments(values: Mapping[str, object]) -> list[str]:
    """Parameters as on a command line, where the node will check them."""
    return [word for name, value in values.items() for word in ("-p", f"{name}:={_text(value)}")]


def _supervised(name: str, node: Node, successor: Node | None = None) -> list[LaunchDescriptionEntity]:
    """The node, and what ends the launch with its last words if it leaves and cannot come back.

    A ``successor`` comes back in its place, as often as it takes.
    """
    printed: deque[bytes] = deque(maxlen=10)

    def listen(event: ProcessIO) -> None:
        printed.append(event.text)

    def judge(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        if context.is_shutdown:
            return []
        if name == "simulation" or event.returncode == 1:
            return [TimerAction(period=LAST_WORDS, actions=[OpaqueFunction(function=partial(fail, event.returncode))])]
        return [TimerAction(period=RESPAWN_DELAY, actions=_supervised(name, successor))] if successor else []

    def fail(status: int, context: LaunchContext) -> None:
        words = b"".join(printed).decode(errors="replace")
        raise NodeProcessError(f"node {name} {how_it_died(status, words)}")

    return [
        RegisterEventHandler(OnProcessIO(target_action=node, on_stderr=listen)),
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=judge)),
        node,
    ]


def _check_known(context: LaunchContext, arguments: Sequence[str]) -> None:
    """Refuse arguments that were given to the launch file at hand, by hand or by one that includes it, and are unknown.

    launch accepts any name, so this looks them up where the file was included; ``ros2 launch`` includes it too.
    """
    path = context.locals.current_launch_file_path
    for include in _includes(context.locals.event.launch_description):
        if os.path.abspath(include.launch_description_source.location) != os.path.abspath(path):
            continue
        given = {
            perform_substitutions(context, normalize_to_list_of_substitutions(name))
            for name, _ in include.launch_arguments
        }
        if unknown := given - set(arguments) - LAUNCH_ARGUMENTS:
            raise ConfigError(
                f"unknown launch argument {', '.join(sorted(unknown))}; expected some of {', '.join(arguments)}"
            )


def _includes(entity: LaunchDescriptionEntity) -> Iterator[IncludeLaunchDescription]:
    if isinstance(entity, IncludeLaunchDescription):
        yield entity
    for part in entity.describe_sub_entities():
        yield from _includes(part)
