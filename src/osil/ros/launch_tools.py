"""ROS's own programs that launch files run beside our nodes, where they are installed."""

from __future__ import annotations

from collections.abc import Mapping

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from osil.errors import ConfigError
from osil.resources import resource_path
from osil.robots.description import robot_description
from osil.robots.robot import load_robot
from osil.ros.topics import ABSOLUTE

ROBOT_STATE_PUBLISHER = "robot_state_publisher"

RELATIVE = [(f"/{name}", name) for name in ABSOLUTE]
"""Remappings with which these programs, too, stay in their namespace."""


def installed(package: str) -> bool:
    """Whether there is a ROS package of this name."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def robot_state_publisher(parameters: Mapping[str, object], **options: object) -> Node:
    """ROS's robot_state_publisher in place of ours.

    Args:
        parameters: those of ours, all of them.
        options: of the launch action.
    """
    description = ParameterValue(robot_description(load_robot(str(parameters["robot"]))), value_type=str)
    others = {name: value for name, value in parameters.items() if name != "robot"}
    return Node(
        package=ROBOT_STATE_PUBLISHER,
        executable=ROBOT_STATE_PUBLISHER,
        parameters=[{"robot_description": description, **others}],
        remappings=RELATIVE,
        **options,
    )


def rviz(use_sim_time: object, **options: object) -> Node:
    """RViz with our configuration.

    Raises:
        ConfigError: it is not installed.
    """
    if not installed("rviz2"):
        raise ConfigError(
            "rviz:=true: expected the ROS package rviz2, which is not installed; apt install ros-$ROS_DISTRO-rviz2, "
            "or leave rviz out"
        )
    return Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", str(resource_path("config", "osil.rviz"))],
        parameters=[{"use_sim_time": use_sim_time}],
        remappings=RELATIVE,
        **options,
    )
