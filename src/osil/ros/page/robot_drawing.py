"""The robot as its URDF describes it, drawn: a frame for each joint in that of its parent, and shapes in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import trimesh
from transforms3d.euler import euler2quat
from transforms3d.quaternions import axangle2quat, qmult, rotate_vector
from viser import FrameHandle, SceneApi

from osil.core import FloatArray
from osil.errors import ConfigError
from osil.files import read_text
from osil.robots.robot import Robot

Colour = tuple[int, int, int]

UNPAINTED: Colour = (200, 200, 205)
"""Of shapes to which the URDF gives no material."""


@dataclass(frozen=True, eq=False)
class _Joint:
    """Where a child link is in its parent's frame: ``position`` ``[3]`` metres and ``wxyz`` at 0, and how it moves."""

    name: str
    kind: str
    parent: str
    child: str
    position: FloatArray
    wxyz: FloatArray
    axis: FloatArray

    def pose(self, value: float) -> tuple[FloatArray, FloatArray]:
        """Position and orientation of the child for a joint position, radians or metres."""
        if self.kind in ("revolute", "continuous"):
            return self.position, qmult(self.wxyz, axangle2quat(self.axis, value))
        if self.kind == "prismatic":
            return self.position + value * rotate_vector(self.axis, self.wxyz), self.wxyz
        return self.position, self.wxyz


class RobotDrawing:
    """Draws one robot.

    Raises:
        ConfigError: its URDF or a mesh cannot be read.
    """

    def __init__(self, scene: SceneApi, robot: Robot) -> None:
        self._scene, self._urdf = scene, robot.urdf
        try:
            root = ElementTree.fromstring(read_text(robot.urdf))
            self._materials = {material.attrib["name"]: _colour(material) for material in root.findall("material")}
            links = {link.attrib["name"]: link for link in root.findall("link")}
            joints = [_read_joint(joint) for joint in root.findall("joint")]
            self._frames: dict[str, tuple[_Joint, FrameHandle]] = {}
            (base,) = links.keys() - {joint.child for joint in joints}
            scene.add_frame("/robot", show_axes=False, position=(0.0, 0.0, robot.base_height))
            self._add(f"/robot/{base}", base, links, joints)
        except (ElementTree.ParseError, AttributeError, KeyError, ValueError) as error:
            raise ConfigError(f"{robot.urdf} cannot be drawn: {error}") from error
        self._shown: dict[str, float] = {}
        self.show(dict(robot.posture))

    def show(self, joints: Mapping[str, float]) -> None:
        """Put the joints where they are said to be, radians or metres by name; others stay."""
        for name, value in joints.items():
            if name in self._frames and self._shown.get(name) != value:
                joint, frame = self._frames[name]
                position, wxyz = joint.pose(value)
                if joint.kind == "prismatic":
                    frame.position = position
                else:
                    frame.wxyz = wxyz
                self._shown[name] = value

    def _add(self, path: str, link: str, links: Mapping[str, ElementTree.Element], joints: list[_Joint]) -> None:
        for number, visual in enumerate(links[link].findall("visual")):
            self._add_shape(f"{path}/shape_{number}", visual)
        for joint in joints:
            if joint.parent == link:
                below = f"{path}/{joint.child}"
                frame = self._scene.add_frame(below, show_axes=False, position=joint.position, wxyz=joint.wxyz)
                self._frames[joint.name] = joint, frame
                self._add(below, joint.child, links, joints)

    def _add_shape(self, path: str, visual: ElementTree.Element) -> None:
        position, wxyz = _origin(visual)
        material, geometry = visual.find("material"), visual.find("geometry")
        colour = UNPAINTED
        if material is not None:
            named = self._materials.get(material.get("name", ""), UNPAINTED)
            colour = named if material.find("color") is None else _colour(material)
        if geometry is None or len(geometry) != 1:
            raise ValueError(f"a visual of {path}: expected one geometry")
        shape = geometry[0]
        if shape.tag == "box":
            size = tuple(_numbers(shape.attrib["size"]))
            self._scene.add_box(path, colour, size, position=position, wxyz=wxyz)
        elif shape.tag == "cylinder":
            radius, length = float(shape.attrib["radius"]), float(shape.attrib["length"])
            self._scene.add_cylinder(path, radius, length, colour, position=position, wxyz=wxyz)
        elif shape.tag == "sphere":
            radius = float(shape.attrib["radius"])
            self._scene.add_icosphere(path, radius, colour, position=position, wxyz=wxyz)
        else:
            mesh = self._read_mesh(shape.attrib["filename"])
            scale = tuple(_numbers(shape.get("scale", "1 1 1")))
            self._scene.add_mesh_simple(
                path, mesh.vertices, mesh.faces, color=colour, scale=scale, position=position, wxyz=wxyz
            )

    def _read_mesh(self, filename: str) -> trimesh.Trimesh:
        path = self._urdf.parent / filename.partition("://")[2] if "://" in filename else self._urdf.parent / filename
        try:
            return trimesh.load_mesh(Path(path))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{self._urdf}: cannot read the mesh {path}: {error}") from error


def _numbers(text: str) -> FloatArray:
    return np.array([float(word) for word in text.split()])


def _origin(element: ElementTree.Element) -> tuple[FloatArray, FloatArray]:
    """Position ``[3]`` metres, and orientation w x y z."""
    origin = element.find("origin")
    attributes = origin.attrib if origin is not None else {}
    roll, pitch, yaw = _numbers(attributes.get("rpy", "0 0 0"))
    return _numbers(attributes.get("xyz", "0 0 0")), euler2quat(roll, pitch, yaw, axes="sxyz")


def _colour(material: ElementTree.Element) -> Colour:
    colour = material.find("color")
    red, green, blue, _ = _numbers(colour.attrib["rgba"]) if colour is not None else (0.8, 0.8, 0.8, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def _read_joint(joint: ElementTree.Element) -> _Joint:
    parent, child, axis = joint.find("parent"), joint.find("child"), joint.find("axis")
    assert parent is not None  # a URDF that was read before
    assert child is not None
    return _Joint(
        joint.attrib["name"],
        joint.attrib["type"],
        parent.attrib["link"],
        child.attrib["link"],
        *_origin(joint),
        _numbers(axis.attrib["xyz"] if axis is not None else "1 0 0"),
    )
