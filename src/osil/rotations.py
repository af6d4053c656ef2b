"""Rotations in space. The one place that knows the library and the order of a quaternion's elements there (w x y z).

Everywhere else a quaternion is ``[4]`` x y z w, as in ROS messages. A ROS distribution's ``tf_transformations`` is the
same library with the elements in that order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from transforms3d.euler import euler2quat, mat2euler
from transforms3d.quaternions import axangle2quat, mat2quat, qmult, quat2mat, rotate_vector

from osil.core import FloatArray

IN_ORDER = "sxyz"
"""About the fixed axes x, y and z in turn: roll, pitch and yaw of REP-103 and of a URDF."""


def from_rpy(roll: float, pitch: float, yaw: float) -> FloatArray:
    """The quaternion of roll, pitch and yaw, radians."""
    return _to_ros(euler2quat(roll, pitch, yaw, axes=IN_ORDER))


def from_axis(axis: Sequence[float], angle: float) -> FloatArray:
    """The quaternion of a turn about ``axis`` (a unit vector) by ``angle`` radians."""
    return _to_ros(axangle2quat(axis, angle))


def from_matrix(rotation: FloatArray) -> FloatArray:
    """The quaternion of a rotation matrix ``[3, 3]``."""
    return _to_ros(mat2quat(rotation))


def to_matrix(quaternion: Sequence[float] | FloatArray) -> FloatArray:
    """The rotation matrix ``[3, 3]`` of a quaternion."""
    matrix: FloatArray = quat2mat(wxyz(quaternion))
    return matrix


def to_rpy(rotation: FloatArray) -> tuple[float, float, float]:
    """Roll, pitch and yaw of a rotation matrix ``[3, 3]``, radians."""
    roll, pitch, yaw = mat2euler(rotation, IN_ORDER)
    return roll, pitch, yaw


def multiply(first: FloatArray, second: FloatArray) -> FloatArray:
    """The quaternion that rotates by ``second`` and then by ``first``."""
    return _to_ros(qmult(wxyz(first), wxyz(second)))


def rotate(vector: FloatArray, quaternion: FloatArray) -> FloatArray:
    """``vector`` ``[3]`` rotated by the quaternion."""
    rotated: FloatArray = rotate_vector(vector, wxyz(quaternion))
    return rotated


def wxyz(quaternion: Sequence[float] | FloatArray) -> FloatArray:
    """The elements of a quaternion in the order of libraries that put w first."""
    return np.roll(quaternion, 1)


def _to_ros(wxyz: FloatArray) -> FloatArray:
    return np.roll(wxyz, -1)
