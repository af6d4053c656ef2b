"""The robot as its URDF describes it, drawn: a frame for each link in that of its parent, and shapes in them."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

import numpy as np
import trimesh
from viser import FrameHandle, SceneApi

from osil import rotations
from osil.core import FloatArray
from osil.errors import ConfigError
from osil.files import read_text
from osil.robots.frames import Frame, LinkFrames
from osil.robots.robot import Robot
from osil.robots.urdf import read_joints

Colour = tuple[int, int, int]

UNPAINTED: Colour = (200, 200, 205)
"""Of shapes to which the URDF gives no material."""


class RobotDrawing:
    """Draws one robot.

    Raises:
        ConfigError: its URDF or a mesh cannot be read.
    """

    def __init__(self, scene: SceneApi, robot: Robot, name: str = "/robot", opacity: float | None = None) -> None:
        """Draw it under ``name`` in the scene; ``opacity``: left out, it is no ghost."""
        self._scene, self._urdf, self._opacity = scene, robot.urdf, opacity
        joints = read_joints(robot.urdf)
        root = ElementTree.fromstring(read_text(robot.urdf))  # which could be read just now
        self._colours = {material.attrib["name"]: _colour(material) for material in root.findall("material")}
        links = {link.attrib["name"]: link for link in root.findall("link")}
        children = {name: [one.child for one in joints.values() if one.parent == name] for name in links}
        (base,) = links.keys() - {joint.child for joint in joints.values()}
        self._whole = scene.add_frame(name, show_axes=False, position=(0.0, 0.0, robot.base_height))
        self._handles: dict[str, FrameHandle] = {}
        self._add(f"{name}/{base}", base, links, children)
        self._frames = LinkFrames(joints)
        for frame in self._frames.fixed:
            self._place(frame)
        self.show(dict.fromkeys(joints, 0.0) | dict(robot.posture))

    def show(self, positions: Mapping[str, float]) -> None:
        """Put the joints where they are said to be, radians or metres by name; others stay."""
        for frame in self._frames.moving(positions):
            self._place(frame)

    @property
    def visible(self) -> bool:
        """Whether it is seen."""
        return bool(self._whole.visible)

    @visible.setter
    def visible(self, visible: bool) -> None:
        self._whole.visible = visible

    def _place(self, frame: Frame) -> None:
        """Move a link in its parent, as far as it has moved: what has not is not sent again."""
        handle, wxyz = self._handles[frame.child], rotations.wxyz(frame.quaternion)
        if not np.array_equal(handle.position, frame.position):
            handle.position = frame.position
        if not np.array_equal(handle.wxyz, wxyz):
            handle.wxyz = wxyz

    def _add(
        self, path: str, link: str, links: Mapping[str, ElementTree.Element], children: Mapping[str, list[str]]
    ) -> None:
        """Draw a link and all that hangs on it."""
        self._handles[link] = self._scene.add_frame(path, show_axes=False)
        for number, visual in enumerate(links[link].findall("visual")):
            try:
                self._add_shape(f"{path}/shape_{number}", visual)
            except (AttributeError, KeyError, OSError, ValueError) as error:
                raise ConfigError(f"{self._urdf}: cannot draw visual {number} of link {link}: {error}") from error
        for child in children[link]:
            self._add(f"{path}/{child}", child, links, children)

    def _add_shape(self, path: str, visual: ElementTree.Element) -> None:
        origin = visual.find("origin")
        place = origin.attrib if origin is not None else {}
        look = {
            "position": _numbers(place.get("xyz", "0 0 0")),
            "wxyz": rotations.wxyz(rotations.from_rpy(*_numbers(place.get("rpy", "0 0 0")))),
            "opacity": self._opacity,
        }
        (shape,) = visual.findall("geometry/*")
        colour = self._painted(visual.find("material"))
        if shape.tag == "box":
            self._scene.add_box(path, colour, _numbers(shape.attrib["size"]), **look)
        elif shape.tag == "cylinder":
            radius, length = float(shape.attrib["radius"]), float(shape.attrib["length"])
            self._scene.add_cylinder(path, radius, length, colour, **look)
        elif shape.tag == "sphere":
            self._scene.add_icosphere(path, float(shape.attrib["radius"]), colour, **look)
        else:
            # Meshes lie beside the URDF, where PyBullet looks for them, too.
            mesh = trimesh.load_mesh(self._urdf.parent / shape.attrib["filename"].removeprefix("package://"))
            scale = tuple(_numbers(shape.get("scale", "1 1 1")))
            self._scene.add_mesh_simple(path, mesh.vertices, mesh.faces, color=colour, scale=scale, **look)

    def _painted(self, material: ElementTree.Element | None) -> Colour:
        if material is None:
            return UNPAINTED
        if material.find("color") is not None:
            return _colour(material)
        return self._colours.get(material.get("name", ""), UNPAINTED)


def _numbers(text: str) -> FloatArray:
    return np.array([float(word) for word in text.split()])


def _colour(material: ElementTree.Element) -> Colour:
    colour = material.find("color")
    if colour is None:
        return UNPAINTED
    red, green, blue, _ = (round(255 * float(part)) for part in colour.attrib["rgba"].split())
    return red, green, blue
