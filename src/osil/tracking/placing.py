"""From the corners of a tag to the pose of the block under it. The block stands upright, so its tag is level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray
from osil.tracking.camera import Camera

MISFIT = 0.05
"""A tag whose corners are further (root mean square) than this share of its edge from the corners of a square of the
right size is not one that lies level at a height in question: it is mirrored, tilted or badly seen."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A tag in the base frame.

    Attributes:
        centre: ``[3]`` metres.
        yaw: of the tag's x axis about z, radians.
        fit: 1 where the corners are those of a square of the right size, 0 at ``MISFIT``.
    """

    centre: FloatArray
    yaw: float
    fit: float


def place(pixels: FloatArray, square: FloatArray, camera: Camera, heights: Sequence[float]) -> Placed | None:
    """Where a level tag is: the rays through its corners are cut with a horizontal plane.

    Which of the planes it is in is told by the size that the tag has there: a block higher, a metre under the camera,
    is 4 % of it. The direction of the tag is exact to a tenth of a pixel, its distance only to some millimetres, so
    the distance chooses among the heights that can be, and is not used as it is.

    Args:
        pixels: ``[4, 2]`` of its corners.
        square: ``[4, 3]`` its corners in its own frame, metres, in the same order.
        camera: that saw it.
        heights: at which it may be, metres, base frame.

    Returns:
        None where it is at none of these.
    """
    rays = camera.rays(pixels)
    placed = [_place_at(height, rays, square, camera) for height in heights if _all_meet(height, rays, camera)]
    best = max(placed, key=lambda one: one.fit, default=None)
    return best if best is not None and best.fit > 0.0 else None


def _all_meet(height: float, rays: FloatArray, camera: Camera) -> bool:
    """Whether all rays meet the plane, from above and not too aslant."""
    return bool(height < camera.position[2] and (rays[:, 2] < -0.1).all())


def _place_at(height: float, rays: FloatArray, square: FloatArray, camera: Camera) -> Placed:
    met = camera.position + rays * ((height - camera.position[2]) / rays[:, 2])[:, None]
    centre = met.mean(0)
    # The best rotation in the plane, as complex numbers.
    there, own = (points[:, 0] + 1j * points[:, 1] for points in (met - centre, square))
    turn = np.vdot(own, there)
    yaw = float(np.angle(turn))
    misfit = np.sqrt((np.abs(there - own * np.exp(1j * yaw)) ** 2).mean())
    edge = np.abs(own[1] - own[0])
    return Placed(centre, yaw, float(1.0 - misfit / (MISFIT * edge)))
