"""Pictures of the scene, drawn in software from recorded snapshots, so that filming never slows an episode down."""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from osil.robots.robot import Robot
from osil.tasks.blocks import BLOCK_COLOURS, NOMINAL, Blocks
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot


@dataclass(frozen=True)
class Camera:
    """An external camera, by default in front of the table, looking at robot and blocks.

    Attributes:
        width, height: of the picture, pixels.
        eye: where it is, metres, base frame.
        target: the point in the middle of the picture, metres, base frame.
        field_of_view: vertical, degrees.
    """

    width: int = 640
    height: int = 480
    eye: tuple[float, float, float] = (1.95, 1.0, 1.50)
    target: tuple[float, float, float] = (0.32, 0.0, 0.645)
    field_of_view: float = 42.0


class SceneRenderer:
    """Draws snapshots of scenes of ``num_blocks`` lettered cubes.

    Raises:
        ResourceError: the robot description is not installed.
    """

    def __init__(self, robot: Robot, num_blocks: int, camera: Camera | None = None, blocks: Blocks = NOMINAL) -> None:
        self._scene = BulletScene(robot, num_blocks, Physics(blocks=blocks))
        self._camera = camera or Camera()
        c = self._camera
        self._view = pybullet.computeViewMatrix(c.eye, c.target, (0, 0, 1))
        self._projection = pybullet.computeProjectionMatrixFOV(c.field_of_view, c.width / c.height, 0.1, 8.0)

    def close(self) -> None:
        """Free the renderer. Nothing else may be called afterwards."""
        self._scene.close()

    def render(self, snapshot: Snapshot) -> NDArray[np.uint8]:
        """The picture ``[height, width, 3]``, RGB.

        Raises:
            SceneError: the snapshot has another number of joints or blocks.
        """
        self._scene.show(snapshot)
        _, _, rgba, _, bodies = pybullet.getCameraImage(
            self._camera.width,
            self._camera.height,
            self._view,
            self._projection,
            lightDirection=(1.2, 0.9, 2.5),
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self._scene.client,
        )
        shape = self._camera.height, self._camera.width, 4
        picture = np.asarray(rgba, dtype=np.uint8).reshape(shape)[..., :3]
        return self._letter_blocks(picture, np.asarray(bodies, dtype=np.int32).reshape(shape[:2]))

    def _letter_blocks(self, picture: NDArray[np.uint8], bodies: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Write its letter on the visible part of each block, told by the body ``[height, width]`` of each pixel."""
        image = Image.fromarray(picture)
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(self._camera.height / 36)
        for block, body in enumerate(self._scene.blocks):
            rows, columns = np.nonzero(bodies == body)
            if len(rows) > self._camera.height / 10:
                ink = "white" if np.dot(BLOCK_COLOURS[block % len(BLOCK_COLOURS)], (0.3, 0.59, 0.11)) < 0.6 else "black"
                at = float(columns.mean()), float(rows.mean())
                draw.text(at, string.ascii_lowercase[block % 26], fill=ink, font=font, anchor="mm")
        return np.asarray(image)
