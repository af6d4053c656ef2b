"""What a robot's URDF says of its joints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from osil.errors import ConfigError
from osil.files import read_text


@dataclass(frozen=True)
class UrdfJoint:
    """One joint. Radians, or metres where it slides.

    Attributes:
        origin: ``(x, y, z)`` of its frame in the frame of its parent link, metres.
        lower, upper: limits of its position; infinite where it turns without end.
        speed: limit of its speed, a second.
    """

    origin: tuple[float, float, float]
    lower: float
    upper: float
    speed: float


def read_joints(path: Path) -> dict[str, UrdfJoint]:
    """The joints of a URDF by name.

    Raises:
        ConfigError: the file cannot be read, or is no URDF.
    """
    try:
        root = ElementTree.fromstring(read_text(path))
        return {joint.attrib["name"]: _joint(joint) for joint in root.findall("joint")}
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise ConfigError(f"{path} is no URDF: {error}") from error


def _joint(joint: ElementTree.Element) -> UrdfJoint:
    origin, limit = joint.find("origin"), joint.find("limit")
    x, y, z = (float(word) for word in (origin.get("xyz", "0 0 0") if origin is not None else "0 0 0").split())
    limits = limit.attrib if limit is not None else {}
    endless = joint.get("type") == "continuous"
    return UrdfJoint(
        (x, y, z),
        -math.inf if endless else float(limits.get("lower", 0.0)),
        math.inf if endless else float(limits.get("upper", 0.0)),
        float(limits.get("velocity", 0.0)),
    )
