"""What the rest of the project needs to know of an arm's kinematics. The gripper always points straight down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from osil.arrays import Arrays, FloatArray
from osil.errors import ConfigError


@dataclass(frozen=True, eq=False)
class GripperPose(Arrays):
    """The gripper frame in the base frame; it points down.

    Attributes:
        position: ``[..., 3]`` grasp centre, metres.
        yaw: ``[...]`` radians about z.
    """

    position: FloatArray
    yaw: FloatArray


@dataclass(frozen=True)
class Hand:
    """Where the gripper frame is in the URDF.

    Attributes:
        link: that the fingers are fixed to.
        approach: axis of the link, such as ``x`` or ``-y``, along which the hand approaches a block.
        closing: axis of the link along which the fingers close.
        grasp_centre: metres from the link's origin along the approach.

    Raises:
        ConfigError: an axis is none.
    """

    link: str
    approach: str
    closing: str
    grasp_centre: float

    def __post_init__(self) -> None:
        _ = self.position, self.rotation

    @property
    def position(self) -> FloatArray:
        """``[3]`` grasp centre in the link, metres."""
        return self.grasp_centre * _axis(self.approach)

    @property
    def rotation(self) -> FloatArray:
        """``[3, 3]`` columns: x, y and z of the gripper frame in the link; z points away from the approach."""
        along, across = _axis(self.approach), _axis(self.closing)
        return np.stack([np.cross(across, -along), across, -along], axis=-1)


@dataclass(frozen=True)
class Shell:
    """Where the hand of a jointed arm can point down: by the wrist's distance from the shoulder.

    Attributes:
        shoulder, wrist: joints at whose axes these are.
        least, greatest: distances of the wrist from the shoulder, in the vertical plane through the arm, metres.
    """

    shoulder: str
    wrist: str
    least: float
    greatest: float


class Kinematics(Protocol):
    """Of an arm with J joints, base frame. ``lift`` is the position of the joint that slides the whole arm up, metres.

    Attributes:
        axis: ``[2]`` x and y of the vertical axis about which the arm turns, from which radii are measured, metres.
    """

    axis: FloatArray

    def forward(self, joints: FloatArray, lift: FloatArray | float) -> GripperPose:
        """Where the gripper is, for any joint positions ``[..., J]``, radians."""

    def inverse(self, pose: GripperPose, near: FloatArray, lift: float) -> FloatArray:
        """Joint positions ``[..., J]`` that put the gripper there, pointing down.

        Args:
            pose: leading dimensions none, or ``[T]`` for a path.
            near: ``[J]`` positions from which the arm comes, where several would do.
            lift: metres.
        """

    def tilt(self, joints: FloatArray) -> FloatArray:
        """How far ``[...]`` (radians) the hand is from pointing straight down, for any joint positions ``[..., J]``."""

    def skeleton(self, joints: FloatArray, lift: FloatArray | float) -> FloatArray:
        """Shoulder, elbow, wrist and grasp centre ``[..., 4, 3]``, metres, for any joint positions ``[..., J]``."""

    def reach(self, height: FloatArray, lift: float) -> tuple[FloatArray, FloatArray]:
        """Least and greatest radius (metres) at which the gripper points down, its centre at ``height`` ``[...]``."""


def unwrapped(joints: FloatArray, reference: FloatArray, continuous: np.ndarray) -> FloatArray:
    """The same arm positions ``[..., J]``, continuous joints counted on from ``reference`` ``[..., J]``, radians.

    A continuous joint that reads about a full turn away (three quarters or more) has wrapped, it has not turned.
    """
    away = (reference - joints) / (2 * np.pi)
    return joints + np.where(continuous & (np.abs(away) > 0.75), 2 * np.pi * np.round(away), 0.0)


def _axis(name: str) -> FloatArray:
    """The unit vector ``[3]`` of an axis such as ``x`` or ``-y``."""
    sign, letter = (-1.0, name[1:]) if name.startswith("-") else (1.0, name)
    if letter not in ("x", "y", "z"):
        raise ConfigError(f"axis {name!r}: expected x, y, z, -x, -y or -z")
    axis: FloatArray = sign * np.eye(3)["xyz".index(letter)]
    return axis
