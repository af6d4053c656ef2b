"""A camera that is drawn in software and sees blocks with real tags on top."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from osil.robots.robot import Robot
from osil.tasks.blocks import NOMINAL, Blocks
from osil.tracking.camera import Camera, CameraPose, Intrinsics
from osil.tracking.opencv import cv2
from osil.tracking.tags import TagSet
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot
from osil.worlds.viewpoint import Viewpoint

FOCAL_LENGTH = 1.13
"""Of the camera, in widths of its picture: that of a webcam with 48 degrees from left to right."""

TAG_PIXELS = 400
"""Edge of the picture of a tag with its rim."""

STICKER = 0.0002
"""A tag lies so far above its block, metres, so that the two are not drawn in the same place."""


class TagCamera:
    """Draws snapshots of scenes of ``num_blocks`` cubes that carry the first tags of a set.

    Attributes:
        camera: what is known of it.

    Raises:
        ConfigError: there are fewer tags, or they are too large for the blocks.
        ResourceError: the robot description is not installed.
    """

    def __init__(
        self,
        robot: Robot,
        num_blocks: int,
        tags: TagSet,
        pose: CameraPose,
        blocks: Blocks = NOMINAL,
        width: int = 1280,
        height: int = 720,
    ) -> None:
        focal = FOCAL_LENGTH * width
        # PyBullet draws what is at the upper left corner of a pixel's column and the lower one of its row.
        matrix = np.array([[focal, 0.0, 0.5 * width], [0.0, focal, 0.5 * height - 1.0], [0.0, 0.0, 1.0]])
        self.camera = Camera(Intrinsics(width, height, matrix, np.zeros(5)), pose)
        _, down, view = pose.rotation.T
        self._viewpoint = Viewpoint(
            width,
            height,
            pose.translation,
            tuple(self.camera.position + view),
            tuple(-down),
            2 * math.degrees(math.atan2(0.5 * height, focal)),
        )
        carried = tags.first(num_blocks)
        tags.check_fits(blocks.size)
        self._scene = BulletScene(robot, num_blocks, Physics(blocks=blocks))
        self._stickers = [self._sticker(tags.draw(tag, blocks.size, TAG_PIXELS), blocks) for tag in carried]

    def close(self) -> None:
        """Free the camera. Nothing else may be called afterwards."""
        self._scene.close()

    def picture(self, snapshot: Snapshot) -> NDArray[np.uint8]:
        """What it sees, ``[height, width, 3]``, RGB.

        Raises:
            SceneError: the snapshot has another number of joints or blocks.
        """
        self._scene.show(snapshot)
        poses = zip(self._stickers, snapshot.block_positions, snapshot.block_quaternions, strict=True)
        for sticker, position, quaternion in poses:
            pybullet.resetBasePositionAndOrientation(sticker, position, quaternion, physicsClientId=self._scene.client)
        picture, _ = self._viewpoint.picture(self._scene.client)
        return picture

    def _sticker(self, picture: NDArray[np.uint8], blocks: Blocks) -> int:
        """A body that is the top face of a block, with a picture on it."""
        client, half, top = self._scene.client, blocks.half, blocks.half + STICKER
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder, "tag.png"))
            cv2.imwrite(file, picture)
            texture = pybullet.loadTexture(file, physicsClientId=client)
        face = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=[[-half, -half, top], [half, -half, top], [half, half, top], [-half, half, top]],
            indices=[0, 1, 2, 0, 2, 3],
            uvs=[[0, 0], [1, 0], [1, 1], [0, 1]],
            normals=[[0, 0, 1]] * 4,
            rgbaColor=(1, 1, 1, 1),
            physicsClientId=client,
        )
        body = int(pybullet.createMultiBody(baseVisualShapeIndex=face, physicsClientId=client))
        pybullet.changeVisualShape(body, -1, textureUniqueId=texture, physicsClientId=client)
        return body
