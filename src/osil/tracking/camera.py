"""A camera, and the geometry between its pixels and the base frame.

Pixels are counted as OpenCV counts them: the centre of the first pixel is (0, 0), x goes right and y down. The frame of
the camera is its optical frame (REP-103): x right and y down in the picture, z along the view.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from typing_extensions import Self

from osil import rotations
from osil.core import FloatArray
from osil.errors import ConfigError
from osil.files import whole_file
from osil.tracking.opencv import cv2


@dataclass(frozen=True, eq=False)
class Intrinsics:
    """What a camera is by itself.

    Attributes:
        width, height: of its pictures, pixels.
        matrix: ``[3, 3]`` focal lengths and principal point, pixels.
        distortion: ``[D]`` coefficients in OpenCV's order, as in ``plumb_bob`` (5) and ``rational_polynomial`` (8).
    """

    width: int
    height: int
    matrix: FloatArray
    distortion: FloatArray

    def directions(self, pixels: FloatArray) -> FloatArray:
        """Where ``[N, 2]`` pixels look to in the frame of the camera: ``[N, 3]`` with z = 1."""
        flat = cv2.undistortPoints(pixels.reshape(-1, 1, 2), self.matrix, self.distortion).reshape(-1, 2)
        return np.column_stack([flat, np.ones(len(flat))])


@dataclass(frozen=True)
class CameraPose:
    """Where a camera is, as it stands in the YAML of a calibration.

    Attributes:
        translation: of its optical frame, metres, base frame.
        quaternion: turns its optical frame into the base frame, x y z w.
        residual_mm: by how much the points from which it was found disagree with it, root mean square.

    Raises:
        ConfigError: the quaternion is not of length 1.
    """

    translation: tuple[float, float, float]
    quaternion: tuple[float, float, float, float]
    residual_mm: float = 0.0

    def __post_init__(self) -> None:
        if abs(np.linalg.norm(self.quaternion) - 1.0) > 1e-3:
            raise ConfigError(f"quaternion {self.quaternion}: expected x y z w of length 1; calibrate the camera anew")

    @classmethod
    def of(cls, rotation: FloatArray, position: FloatArray, residual_mm: float = 0.0) -> Self:
        """The pose of a ``rotation`` ``[3, 3]`` into the base frame and a ``position`` ``[3]`` there, metres."""
        x, y, z, w = rotations.from_matrix(rotation).tolist()
        x_, y_, z_ = position.tolist()
        return cls((x_, y_, z_), (x, y, z, w), residual_mm)

    def write(self, path: Path) -> None:
        """Write it as a YAML, which ``osil.settings.from_yaml`` reads; whole or not at all. Raises OSError."""
        words = ["# Where the camera is, by calibration_node. Metres and x y z w, of its optical frame in base_link."]
        values = {**asdict(self), "translation": list(self.translation), "quaternion": list(self.quaternion)}
        words += [f"{name}: {value}" for name, value in values.items()]
        with whole_file(path.resolve()) as file:  # a link stays one
            file.write(("\n".join(words) + "\n").encode())

    @property
    def rotation(self) -> FloatArray:
        """``[3, 3]``: the axes of the optical frame in the base frame are its columns."""
        return rotations.to_matrix(self.quaternion)


class Camera:
    """A camera that is calibrated to the robot.

    Attributes:
        intrinsics: what it is.
        rotation: ``[3, 3]`` from its optical frame to the base frame.
        position: ``[3]`` metres, base frame.
    """

    def __init__(self, intrinsics: Intrinsics, pose: CameraPose) -> None:
        self.intrinsics, self.rotation, self.position = intrinsics, pose.rotation, np.array(pose.translation)

    def project(self, points: FloatArray) -> FloatArray:
        """Pixels ``[N, 2]`` of points ``[N, 3]`` in front of the camera, metres, base frame."""
        turn, _ = cv2.Rodrigues(self.rotation.T)
        shift = -self.rotation.T @ self.position
        pixels, _ = cv2.projectPoints(points, turn, shift, self.intrinsics.matrix, self.intrinsics.distortion)
        return np.asarray(pixels, dtype=float).reshape(-1, 2)

    def rays(self, pixels: FloatArray) -> FloatArray:
        """Where ``[N, 2]`` pixels look to: unit vectors ``[N, 3]``, base frame."""
        rays = self.intrinsics.directions(pixels) @ self.rotation.T
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True), dtype=float)
