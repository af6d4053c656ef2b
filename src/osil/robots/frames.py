"""Where the links of a robot are, as tf2 knows them: each in the link that it is joined to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from osil import rotations
from osil.core import FloatArray
from osil.robots.urdf import UrdfJoint

BASE_FRAME = "base_link"
"""On the floor under the arm; block poses are in it."""

GRIPPER_FRAME = "gripper"
"""At the grasp centre, see ``osil.core``."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame in its parent.

    Attributes:
        parent, child: names of the two.
        position: ``[3]`` metres.
        quaternion: ``[4]`` x y z w.
    """

    parent: str
    child: str
    position: FloatArray
    quaternion: FloatArray


class LinkFrames:
    """The frames of all links but the first.

    Attributes:
        fixed: of links on fixed joints.
    """

    def __init__(self, joints: Mapping[str, UrdfJoint]) -> None:
        """``joints``: all of a URDF."""
        self._moving = {name: joint for name, joint in joints.items() if joint.kind != "fixed"}
        self.fixed = [_frame(joint, 0.0) for joint in joints.values() if joint.kind == "fixed"]

    def moving(self, positions: Mapping[str, float]) -> list[Frame]:
        """Frames of the links whose joints are at ``positions`` (radians or metres by name).

        A joint that mimics another need not be among these. A link whose joint is not known has no frame.
        """
        known = {**self._mimicked(positions), **positions}
        return [_frame(joint, known[name]) for name, joint in self._moving.items() if name in known]

    def _mimicked(self, positions: Mapping[str, float]) -> dict[str, float]:
        return {
            name: mimic.multiplier * positions[mimic.joint] + mimic.offset
            for name, joint in self._moving.items()
            if (mimic := joint.mimic) is not None and mimic.joint in positions
        }


def _frame(joint: UrdfJoint, position: float) -> Frame:
    origin, turned = np.array(joint.origin), rotations.from_rpy(*joint.rotation)
    if joint.kind == "prismatic":
        origin = origin + rotations.rotate(position * np.array(joint.axis), turned)
    elif joint.kind != "fixed":
        turned = rotations.multiply(turned, rotations.from_axis(joint.axis, position))
    return Frame(joint.parent, joint.child, origin, turned)
