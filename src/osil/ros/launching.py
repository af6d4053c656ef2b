"""The nodes of the stack for launch files. Needs ROS 2's ``launch`` and ``launch_ros``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from osil.ros.stack import program

ARGUMENTS = {
    "model": "a released model by name, or the path of a model folder",
    "demonstrations": "folder of the demonstration files",
}
"""Launch arguments of every launch file. What is not given comes from ``config/``."""

SIMULATION_ARGUMENTS = {
    "num_blocks": "blocks on the table at the start",
    "seed": "of the random layout at the start",
    "real_time_factor": "simulated seconds a second; 0: as fast as possible",
    "gui": "true: open PyBullet's window",
}


def describe(
    nodes: Sequence[str],
    arguments: Mapping[str, str],
    parameters: Mapping[str, object] | None = None,
    remappings: Sequence[tuple[str, str]] = (),
) -> LaunchDescription:
    """A launch description of ``nodes``.

    Args:
        nodes: names as in ``osil.ros.stack``.
        arguments: launch arguments and what they mean; one that is given becomes a parameter of the nodes that have it.
        parameters: set for all nodes, overriding ``config/``.
        remappings: of topic names, for all nodes.
    """

    def start(context: LaunchContext) -> list[Node]:
        given = {name: context.launch_configurations[name] for name in arguments}
        overrides = {name: yaml.safe_load(value) for name, value in given.items() if value}
        return [
            Node(
                executable=program(node)[0],
                arguments=program(node)[1:],
                name=node,
                exec_name=node,
                parameters=[{**(parameters or {}), **overrides}],
                remappings=list(remappings),
                output="screen",
                emulate_tty=True,
            )
            for node in nodes
        ]

    declared = [DeclareLaunchArgument(name, default_value="", description=text) for name, text in arguments.items()]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])
