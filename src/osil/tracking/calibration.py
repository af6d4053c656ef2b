"""Where a camera is in the base frame, from points that the arm has told of and pixels at which the camera saw them.

Both ways end in the same fit. Where a tag is in the picture is exact to a tenth of a pixel; how far away it is, told by
its size, is ten times less so. So what is fitted are the pixels, and distances are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray
from osil.errors import CalibrationError
from osil.tracking.camera import Camera, CameraPose, Intrinsics
from osil.tracking.opencv import cv2
from osil.tracking.tags import TagSet

FEWEST = 4
"""Places that must have been shown. Six or more tell whether they agree."""

SPREAD = 0.03
"""Standard deviation (metres) that the places must have across the line that fits them best."""

TURNED = 0.2
"""The same of the hand's rotations, radians across the axis that fits them best."""


MOST_ROUNDS, GAIN = 500, 1e-3
"""Hand-eye calibration is refined until a round makes the residual smaller by less than this share, or so often."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A camera's pose, and how well it fits.

    Attributes:
        pose: of the camera.
        residuals: ``[N]`` by how much the rays of the pixels miss the point at each place, metres.
    """

    pose: CameraPose
    residuals: FloatArray

    @property
    def summary(self) -> str:
        """The residuals in words."""
        each = ", ".join(f"{1000 * residual:.1f}" for residual in self.residuals)
        return f"residual {self.pose.residual_mm:.1f} mm rms over {len(self.residuals)} places (each: {each} mm)"

    def checked(self, limit: float) -> Calibration:
        """Itself. Raises CalibrationError if the residual is more than ``limit``, metres root mean square."""
        if not self.pose.residual_mm <= 1000 * limit:
            raise CalibrationError(
                f"{self.summary}: expected at most {1000 * limit:g} mm; leave out the worst, or begin anew if camera "
                "or block have been pushed, the tag has another size, or the camera's own calibration is not its own"
            )
        return self


def from_touches(points: FloatArray, corners: FloatArray, intrinsics: Intrinsics, limit: float) -> Calibration:
    """Calibrate by centres of tags that the gripper has touched.

    Args:
        points: ``[N, 3]`` centres of the tags, metres, base frame.
        corners: ``[N, 4, 2]`` of the tags as they were seen, pixels, around each.
        intrinsics: of the camera.
        limit: largest residual that is borne, metres root mean square.

    Raises:
        CalibrationError: fewer than four places, places on a line, or too large a residual.
    """
    if len(points) < FEWEST:
        raise CalibrationError(f"expected at least {FEWEST} places, got {len(points)}; touch the tag at others")
    if (across := _across(points)) < SPREAD:
        raise CalibrationError(
            f"the {len(points)} places lie on a line ({1000 * across:.0f} mm across it, expected "
            f"{1000 * SPREAD:.0f} mm or more), which does not tell how the camera is turned about it; touch others"
        )
    return _fit(points[:, None], _crossings(corners)[:, None], intrinsics).checked(limit)


def from_hand(
    grippers: Sequence[tuple[FloatArray, FloatArray]],
    corners: FloatArray,
    tags: TagSet,
    intrinsics: Intrinsics,
    limit: float,
) -> Calibration:
    """Calibrate by a tag that is fixed to the hand somehow, seen in several of its poses (hand-eye calibration).

    Args:
        grippers: N rotations ``[3, 3]`` and positions ``[3]`` (metres) of the gripper frame in the base frame.
        corners: ``[N, 4, 2]`` of the tag, pixels, in the order of ``TagSet.corners``.
        tags: says how large the tag is.
        intrinsics: of the camera.
        limit: largest residual that is borne, metres root mean square.

    Raises:
        CalibrationError: fewer than four poses, a hand that has turned about one axis only, or too large a residual.
    """
    if len(grippers) < FEWEST:
        raise CalibrationError(f"expected at least {FEWEST} poses of the hand, got {len(grippers)}; show others")
    turns = [cv2.Rodrigues(grippers[0][0].T @ rotation)[0].ravel() for rotation, _ in grippers]
    if (across := _across(np.array(turns))) < TURNED:
        raise CalibrationError(
            f"the hand has turned about one axis only ({across:.2f} rad across it, expected {TURNED} rad or more), "
            "which does not tell how far along it the tag is; tilt the hand, too, or calibrate by touching"
        )
    # The camera stands and the tag moves: so OpenCV, which knows a camera on the hand, is given the inverse poses.
    inverse = [(rotation.T, -rotation.T @ position) for rotation, position in grippers]
    seen = [_tag_in_camera(pixels, tags, intrinsics) for pixels in corners]
    rotation, position = cv2.calibrateHandEye(*_columns(inverse), *_columns(seen), method=cv2.CALIB_HAND_EYE_PARK)
    pose = CameraPose.of(np.asarray(rotation, dtype=float), np.asarray(position, dtype=float).ravel())
    # That rests on how large and how turned a small tag looks. From here on the pixels alone tell: where on the hand
    # the corners are with this camera, where the camera is with these corners, and so on.
    rms = np.inf
    for _ in range(MOST_ROUNDS):
        on_hand = _corners_on_hand(grippers, corners, Camera(intrinsics, pose))
        points = np.stack([on_hand @ rotation.T + position for rotation, position in grippers])
        before, calibration = rms, _fit(points, corners, intrinsics)
        pose, rms = calibration.pose, calibration.pose.residual_mm
        if rms > (1.0 - GAIN) * before:
            break
    return calibration.checked(limit)


def _corners_on_hand(
    grippers: Sequence[tuple[FloatArray, FloatArray]], corners: FloatArray, camera: Camera
) -> FloatArray:
    """``[4, 3]`` the points of the gripper frame (metres) that are nearest to all rays of each corner."""
    rays = camera.rays(corners.reshape(-1, 2)).reshape(-1, 4, 3)
    off, towards = np.zeros((4, 3, 3)), np.zeros((4, 3))
    for (rotation, position), directions in zip(grippers, rays, strict=True):
        own = directions @ rotation
        across = np.eye(3) - own[:, :, None] * own[:, None, :]
        off += across
        towards += across @ ((camera.position - position) @ rotation)
    return np.asarray(np.linalg.solve(off, towards[..., None])[..., 0], dtype=float)


def _crossings(corners: FloatArray) -> FloatArray:
    """``[N, 2]`` where the diagonals of ``[N, 4, 2]`` squares cross: their centres, however they are seen."""
    a, b, c, d = np.moveaxis(corners, 1, 0)
    along, other = c - a, d - b
    turned = np.stack([other[:, 1], -other[:, 0]], axis=-1)
    share = ((b - a) * turned).sum(-1) / (along * turned).sum(-1)
    crossings: FloatArray = a + share[:, None] * along
    return crossings


def _across(points: FloatArray) -> float:
    """Standard deviation of ``[N, 3]`` across the line that fits them best, in the direction in which it is largest."""
    _, spread, _ = np.linalg.svd(points - points.mean(0))
    return float(spread[1] / np.sqrt(len(points)))


def _columns(poses: Sequence[tuple[FloatArray, FloatArray]]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Rotations and positions, each by themselves."""
    return [rotation for rotation, _ in poses], [position for _, position in poses]


def _tag_in_camera(pixels: FloatArray, tags: TagSet, intrinsics: Intrinsics) -> tuple[FloatArray, FloatArray]:
    """Rotation ``[3, 3]`` and position ``[3]`` (metres) of a tag in the frame of the camera."""
    _, turn, shift = cv2.solvePnP(
        tags.corners, pixels, intrinsics.matrix, intrinsics.distortion, flags=cv2.SOLVEPNP_IPPE_SQUARE
    )
    return np.asarray(cv2.Rodrigues(turn)[0], dtype=float), np.asarray(shift, dtype=float).ravel()


def _fit(points: FloatArray, pixels: FloatArray, intrinsics: Intrinsics) -> Calibration:
    """The camera that sees ``points`` ``[N, P, 3]``, P at each place, at ``pixels`` ``[N, P, 2]``."""
    known = points.reshape(-1, 3), pixels.reshape(-1, 2), intrinsics.matrix, intrinsics.distortion
    _, turn, shift = cv2.solvePnP(*known, flags=cv2.SOLVEPNP_SQPNP)
    turn, shift = cv2.solvePnPRefineLM(*known, turn, shift)
    rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=float).T
    position = -rotation @ np.asarray(shift, dtype=float).ravel()
    rays = Camera(intrinsics, CameraPose.of(rotation, position)).rays(known[1]).reshape(points.shape)
    there = points - position
    misses = there - rays * (rays * there).sum(-1, keepdims=True)
    residuals = np.sqrt((misses**2).sum(-1).mean(-1))
    rms = float(np.sqrt((residuals**2).mean()))
    return Calibration(CameraPose.of(rotation, position, round(1000 * rms, 3)), residuals)
