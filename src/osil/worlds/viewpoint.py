"""From where a PyBullet scene is looked at, and what is seen from there, drawn in software."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osil.core import FloatArray
from osil.worlds.bullet import pybullet


@dataclass(frozen=True)
class Viewpoint:
    """An external camera, by default in front of the table, looking at robot and blocks.

    Attributes:
        width, height: of the picture, pixels.
        eye: where it is, metres, base frame.
        target: the point in the middle of the picture, metres, base frame.
        up: what points up in the picture, base frame.
        field_of_view: vertical, degrees.
    """

    width: int = 640
    height: int = 480
    eye: tuple[float, float, float] = (1.95, 1.0, 1.50)
    target: tuple[float, float, float] = (0.32, 0.0, 0.645)
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    field_of_view: float = 42.0

    def picture(self, client: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """What a client of PyBullet's shows from here.

        Returns:
            The picture ``[height, width, 3]``, RGB, and the body ``[height, width]`` in each of its pixels.
        """
        _, _, rgba, _, bodies = pybullet.getCameraImage(
            self.width,
            self.height,
            *self._matrices(),
            lightDirection=(1.2, 0.9, 2.5),
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=client,
        )
        shape = self.height, self.width
        picture = np.asarray(rgba, dtype=np.uint8).reshape(*shape, 4)[..., :3]
        return picture, np.asarray(bodies, dtype=np.int32).reshape(shape)

    def pixels(self, points: FloatArray) -> FloatArray:
        """Where points ``[..., 3]`` (metres, base frame, before the camera) are: ``[..., 2]`` from the upper left."""
        view, projection = (np.reshape(matrix, (4, 4)).T for matrix in self._matrices())
        seen = np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1) @ (projection @ view).T
        on_screen = seen[..., :2] / seen[..., 3:]
        pixels: FloatArray = 0.5 * (on_screen * (1.0, -1.0) + 1.0) * (self.width, self.height)
        return pixels

    def _matrices(self) -> tuple[Sequence[float], Sequence[float]]:
        """Of the view and of the projection, column by column."""
        return (
            pybullet.computeViewMatrix(self.eye, self.target, self.up),
            pybullet.computeProjectionMatrixFOV(self.field_of_view, self.width / self.height, 0.1, 8.0),
        )
