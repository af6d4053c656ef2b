"""A robot's URDF with what Gazebo's ros2_control wants to know besides."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import numpy as np

from osil.errors import ConfigError
from osil.robots.description import robot_description
from osil.robots.robot import Robot
from osil.worlds.bullet_scene import Physics

CONTROL = ("gz_ros2_control-system", "gz_ros2_control::GazeboSimROS2ControlPlugin")
"""File and name of the plugin that runs ros2_control's controllers within Gazebo."""

HARDWARE = "gz_ros2_control/GazeboSimSystem"
"""The joints of Gazebo as hardware of ros2_control."""


def controlled_urdf(robot: Robot, controllers: Path, physics: Physics) -> str:
    """The URDF, fixed to the world, with all joints under position control, beginning in the ready pose.

    Args:
        robot: described by primitive shapes alone.
        controllers: the parameters of the controllers, a YAML file.
        physics: how the finger pads rub.

    Raises:
        ConfigError: the URDF has meshes.
    """
    root = fromstring(robot_description(robot))
    if root.find(".//mesh") is not None:
        raise ConfigError(
            f"robot {robot.name}: its URDF {robot.urdf} has meshes, which Gazebo would not find; expected primitive "
            "shapes, as the fetch and the ur5e have"
        )
    children = {joint.find("child").attrib["link"] for joint in root.findall("joint")}  # type: ignore[union-attr]
    base = next(link.attrib["name"] for link in root.findall("link") if link.attrib["name"] not in children)
    SubElement(root, "link", name="world")
    joint = SubElement(root, "joint", name="world_joint", type="fixed")
    SubElement(joint, "parent", link="world")
    SubElement(joint, "child", link=base)
    SubElement(joint, "origin", xyz="0 0 0", rpy="0 0 0")
    system = SubElement(root, "ros2_control", name="gazebo", type="system")
    SubElement(SubElement(system, "hardware"), "plugin").text = HARDWARE
    at_start = np.array([*robot.ready(), *robot.posture.values(), *[0.5 * robot.gripper.opening] * 2])
    for name, position in zip(robot.all_joints, at_start, strict=True):
        _add_joint(system, name, float(position))
    filename, plugin = CONTROL
    control = SubElement(SubElement(root, "gazebo"), "plugin", filename=filename, name=plugin)
    SubElement(control, "parameters").text = str(controllers)
    for joint in root.findall("joint"):
        if joint.attrib["name"] in robot.gripper.joints:
            finger = SubElement(root, "gazebo", reference=joint.find("child").attrib["link"])  # type: ignore[union-attr]
            SubElement(finger, "mu1").text = SubElement(finger, "mu2").text = str(physics.finger_friction)
    return tostring(root, encoding="unicode")


def _add_joint(system: Element, name: str, position: float) -> None:
    joint = SubElement(system, "joint", name=name)
    SubElement(joint, "command_interface", name="position")
    state = SubElement(joint, "state_interface", name="position")
    SubElement(state, "param", name="initial_value").text = f"{position:.6f}"
    SubElement(joint, "state_interface", name="velocity")
