"""A robot's URDF as ROS tools are given it, on the topic ``robot_description``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from osil import rotations
from osil.core import FloatArray
from osil.errors import ConfigError
from osil.files import read_text
from osil.robots.frames import BASE_FRAME, GRIPPER_FRAME
from osil.robots.robot import Robot


def robot_description(robot: Robot) -> str:
    """The text of the robot's URDF, with our two frames as links of it: the base and the gripper.

    Meshes beside the URDF get ``file://`` addresses, which every viewer on this machine finds.

    Raises:
        ConfigError: a link of the URDF has the name of one of these frames, and is elsewhere.
    """
    urdf = ElementTree.fromstring(read_text(robot.urdf))
    links = {link.attrib["name"] for link in urdf.findall("link")}
    root = (links - {child.attrib["link"] for child in urdf.iterfind("joint/child")}).pop()
    new = {GRIPPER_FRAME} if root == BASE_FRAME and robot.base_height == 0.0 else {GRIPPER_FRAME, BASE_FRAME}
    if taken := links & new:
        raise ConfigError(
            f"{robot.urdf}: its link {taken.pop()} is not the frame of this name (osil.core); give it another"
        )
    for name in new:
        ElementTree.SubElement(urdf, "link", name=name)
    _fix(urdf, robot.hand.link, GRIPPER_FRAME, robot.hand.position, robot.hand.rotation)
    if BASE_FRAME in new:
        _fix(urdf, BASE_FRAME, root, np.array([0.0, 0.0, robot.base_height]), np.eye(3))
    for mesh in urdf.iter("mesh"):
        _locate(mesh, robot.urdf.parent)
    return ElementTree.tostring(urdf, encoding="unicode")


def _fix(urdf: ElementTree.Element, parent: str, child: str, position: FloatArray, rotation: FloatArray) -> None:
    """Add a fixed joint between two links, the child at ``position`` ``[3]`` (metres), turned by ``[3, 3]``."""
    joint = ElementTree.SubElement(urdf, "joint", name=f"{parent}_to_{child}", type="fixed")
    ElementTree.SubElement(joint, "parent", link=parent)
    ElementTree.SubElement(joint, "child", link=child)
    ElementTree.SubElement(joint, "origin", xyz=_words(position), rpy=_words(rotations.to_rpy(rotation)))


def _words(numbers: Sequence[float] | FloatArray) -> str:
    return " ".join(repr(float(number)) for number in numbers)


def _locate(mesh: ElementTree.Element, folder: Path) -> None:
    """Name the file of a mesh by its address if it is under the folder of the URDF, as PyBullet looks for it."""
    file = folder / mesh.attrib["filename"].removeprefix("package://")
    if file.is_file():
        mesh.set("filename", file.resolve().as_uri())
