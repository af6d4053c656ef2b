"""What a robot's URDF says of its joints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from osil.errors import ConfigError
from osil.files import read_text

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Mimic:
    """A joint is at ``multiplier`` times the position of another ``joint``, plus ``offset``."""

    joint: str
    multiplier: float
    offset: float


@dataclass(frozen=True)
class UrdfJoint:
    """One joint. Radians, or metres where it slides.

    Attributes:
        kind: ``revolute``, ``continuous``, ``prismatic`` or ``fixed``.
        parent, child: the links that it joins.
        origin: ``(x, y, z)`` of its frame in the frame of its parent link, metres.
        rotation: ``(roll, pitch, yaw)`` of its frame in that of its parent link.
        axis: in its frame, about which it turns or along which it slides; of length 1 unless it is fixed.
        lower, upper: limits of its position; infinite where it turns without end.
        speed: limit of its speed, a second.
        mimic: which other joint it follows; None: none.
    """

    kind: str
    parent: str
    child: str
    origin: Triple
    rotation: Triple
    axis: Triple
    lower: float
    upper: float
    speed: float
    mimic: Mimic | None


def read_joints(path: Path) -> dict[str, UrdfJoint]:
    """The joints of a URDF file by name.

    Raises:
        ConfigError: the file cannot be read, or is no URDF.
    """
    return parse_joints(read_text(path), str(path))


def parse_joints(urdf: str, where: str) -> dict[str, UrdfJoint]:
    """The joints of a URDF by name.

    Raises:
        ConfigError: the text, which is from ``where``, is no URDF.
    """
    try:
        root = ElementTree.fromstring(urdf)
        return {joint.attrib["name"]: _joint(joint) for joint in root.findall("joint")}
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise ConfigError(f"{where} is no URDF: {error}") from error


def _joint(joint: ElementTree.Element) -> UrdfJoint:
    limits, kind = _attributes(joint, "limit"), joint.attrib["type"]
    endless = kind == "continuous"
    return UrdfJoint(
        kind=kind,
        parent=_attributes(joint, "parent")["link"],
        child=_attributes(joint, "child")["link"],
        origin=_triple(_attributes(joint, "origin").get("xyz", "0 0 0")),
        rotation=_triple(_attributes(joint, "origin").get("rpy", "0 0 0")),
        axis=_triple(_attributes(joint, "axis").get("xyz", "1 0 0")),
        lower=-math.inf if endless else float(limits.get("lower", 0.0)),
        upper=math.inf if endless else float(limits.get("upper", 0.0)),
        speed=float(limits.get("velocity", 0.0)),
        mimic=_mimic(_attributes(joint, "mimic")),
    )


def _attributes(joint: ElementTree.Element, name: str) -> dict[str, str]:
    """Of the element ``name`` in a joint; empty where there is none."""
    element = joint.find(name)
    return {} if element is None else element.attrib


def _triple(words: str) -> Triple:
    x, y, z = (float(word) for word in words.split())
    return x, y, z


def _mimic(attributes: dict[str, str]) -> Mimic | None:
    if not attributes:
        return None
    return Mimic(attributes["joint"], float(attributes.get("multiplier", 1.0)), float(attributes.get("offset", 0.0)))
