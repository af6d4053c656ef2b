"""Gazebo for launch files: its world, the robot under ros2_control, and the bridge to ROS. Needs ROS 2's ``launch``."""

from __future__ import annotations

import string
from pathlib import Path

import launch.logging
import yaml
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from osil import seeds
from osil.errors import ConfigError
from osil.gazebo.controlled_urdf import controlled_urdf
from osil.gazebo.parameters import CONTROLLERS, bridge_entries, controller_parameters
from osil.gazebo.world import world_sdf
from osil.robots.robot import load_robot
from osil.ros.launch_tools import ROBOT_STATE_PUBLISHER, installed
from osil.tasks.blocks import Blocks
from osil.worlds.bullet_scene import Physics

GAZEBO_ARGUMENTS = {
    "num_blocks": "blocks on the table",
    "seed": "of the random layout",
    "gui": "true: open Gazebo's window",
}
"""Launch arguments that mean the same as for PyBullet, and that take their values from its configuration."""

PACKAGES = {
    "ros_gz_sim": "ros-gz",
    "ros_gz_bridge": "ros-gz",
    "gz_ros2_control": "gz-ros2-control",
    "controller_manager": "ros2-control",
    "joint_state_broadcaster": "ros2-controllers",
    "joint_trajectory_controller": "ros2-controllers",
    ROBOT_STATE_PUBLISHER: "robot-state-publisher",
}
"""ROS packages that are needed, and the Debian package that brings each, without its ``ros-$ROS_DISTRO-``."""


def gazebo(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """All that stands behind the topics: ``joint_states``, trajectories, ``clock`` and ``gazebo/block_transforms``.

    Raises:
        ConfigError: Gazebo or a part of its ROS side is not installed, or a launch argument will not do.
    """
    if missing := [package for package in PACKAGES if not installed(package)]:
        debs = " ".join(sorted({f"ros-$ROS_DISTRO-{PACKAGES[package]}" for package in missing}))
        raise ConfigError(f"Gazebo cannot be used here: {', '.join(missing)} are not installed; apt install {debs}")
    given = context.launch_configurations
    if given["namespace"]:
        raise ConfigError(f"namespace {given['namespace']!r}: Gazebo and its controllers are in none; leave it out")
    values = {name: yaml.safe_load(given[name]) for name in (*GAZEBO_ARGUMENTS, "robot", "block_size")}
    physics = Physics(blocks=Blocks(values["block_size"]))
    robot = load_robot(values["robot"]).opened_for(physics.blocks)
    names = string.ascii_lowercase[: values["num_blocks"]]
    scene = robot.table.random_scene(len(names), seeds.generator("demonstrate", values["seed"]), physics.blocks)
    folder = Path(launch.logging.launch_config.log_dir)
    world, controllers, bridge = folder / "world.sdf", folder / "controllers.yaml", folder / "bridge.yaml"
    world.write_text(world_sdf(robot, scene, names, physics))
    controllers.write_text(yaml.safe_dump(controller_parameters(robot)))
    bridge.write_text(yaml.safe_dump(bridge_entries(names)))
    simulator = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare("ros_gz_sim"), "launch", "gz_sim.launch.py"])
        ),
        launch_arguments={
            "gz_args": f"-r {'' if values['gui'] else '-s '}{world}",
            "on_exit_shutdown": "true",
        }.items(),
    )
    description = ParameterValue(controlled_urdf(robot, controllers, physics), value_type=str)
    create = Node(
        package="ros_gz_sim",
        executable="create",
        arguments=["-topic", "robot_description", "-name", Path(robot.name).stem],
        output="screen",
    )
    # The controllers live in Gazebo, so they cannot be started before the robot is there.
    spawner = Node(
        package="controller_manager",
        executable="spawner",
        arguments=[*CONTROLLERS, "--param-file", str(controllers)],
        output="screen",
    )
    return [
        simulator,
        Node(
            package=ROBOT_STATE_PUBLISHER,
            executable=ROBOT_STATE_PUBLISHER,
            parameters=[{"robot_description": description, "use_sim_time": True}],
            output="screen",
        ),
        Node(
            package="ros_gz_bridge",
            executable="parameter_bridge",
            parameters=[{"config_file": str(bridge), "use_sim_time": True}],
            output="screen",
        ),
        RegisterEventHandler(OnProcessExit(target_action=create, on_exit=[spawner])),
        create,
    ]
