"""Pictures of the scene, drawn in software from recorded snapshots, so that filming never slows an episode down."""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from osil.robots.robot import Robot
from osil.tasks.blocks import BLOCK_COLOURS, NOMINAL, Blocks
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot
from osil.worlds.viewpoint import Viewpoint


class SceneRenderer:
    """Draws snapshots of scenes of ``num_blocks`` lettered cubes.

    Raises:
        ResourceError: the robot description is not installed.
    """

    def __init__(
        self, robot: Robot, num_blocks: int, viewpoint: Viewpoint | None = None, blocks: Blocks = NOMINAL
    ) -> None:
        self._scene = BulletScene(robot, num_blocks, Physics(blocks=blocks))
        self._viewpoint = viewpoint or Viewpoint()

    def close(self) -> None:
        """Free the renderer. Nothing else may be called afterwards."""
        self._scene.close()

    def render(self, snapshot: Snapshot) -> NDArray[np.uint8]:
        """The picture ``[height, width, 3]``, RGB.

        Raises:
            SceneError: the snapshot has another number of joints or blocks.
        """
        self._scene.show(snapshot)
        return self._letter_blocks(*self._viewpoint.picture(self._scene.client))

    def _letter_blocks(self, picture: NDArray[np.uint8], bodies: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Write its letter on the visible part of each block, told by the body ``[height, width]`` of each pixel."""
        image = Image.fromarray(picture)
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(self._viewpoint.height / 36)
        for block, body in enumerate(self._scene.blocks):
            rows, columns = np.nonzero(bodies == body)
            if len(rows) > self._viewpoint.height / 10:
                ink = "white" if np.dot(BLOCK_COLOURS[block % len(BLOCK_COLOURS)], (0.3, 0.59, 0.11)) < 0.6 else "black"
                at = float(columns.mean()), float(rows.mean())
                draw.text(at, string.ascii_lowercase[block % 26], fill=ink, font=font, anchor="mm")
        return np.asarray(image)
