"""A camera in front of the table, drawn in software, that sees blocks with real tags on top."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from osil.robots.robot import Robot
from osil.tasks.blocks import NOMINAL, Blocks
from osil.tracking.camera import Camera, CameraPose, Intrinsics
from osil.tracking.tags import TagSet
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot
from osil.worlds.viewpoint import Viewpoint

AWAY, ABOVE = 0.70, 0.95
"""Where the camera is from the far edge and the top of the table, metres: opposite the robot, so that the hand hides
little but what it holds."""

ASIDE = 0.10
"""Metres that it sees to the left and right of where centres of blocks may lie."""

TAG_PIXELS = 400
"""Edge of the picture of a tag with its rim."""

STICKER = 0.0002
"""A tag lies so far above its block, metres, so that the two are not drawn in the same place."""


def in_front(robot: Robot, width: int = 1280, height: int = 720) -> Viewpoint:
    """The viewpoint opposite a robot from which all places for blocks on its table are seen, and towers on them."""
    near, far, aside = robot.table.extent
    target = (0.5 * (near + far), 0.0, robot.table.height + 0.08)
    half = math.atan2(aside + ASIDE, math.hypot(AWAY, ABOVE))
    vertical = 2 * math.degrees(math.atan(math.tan(half) * height / width))
    return Viewpoint(width, height, (far + AWAY, 0.0, robot.table.height + ABOVE), target, vertical)


def camera_at(viewpoint: Viewpoint) -> Camera:
    """The camera that a viewpoint is."""
    eye = np.array(viewpoint.eye)
    view = (np.array(viewpoint.target) - eye) / np.linalg.norm(np.array(viewpoint.target) - eye)
    right = np.cross(view, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    rotation = np.column_stack([right, np.cross(view, right), view])
    width, height = viewpoint.width, viewpoint.height
    focal = 0.5 * height / math.tan(0.5 * math.radians(viewpoint.field_of_view))
    # PyBullet draws what is at the upper left corner of a pixel's column and the lower one of its row.
    matrix = np.array([[focal, 0.0, 0.5 * width], [0.0, focal, 0.5 * height - 1.0], [0.0, 0.0, 1.0]])
    return Camera(Intrinsics(width, height, matrix, np.zeros(5)), CameraPose.of(rotation, eye))


class TagCamera:
    """Draws snapshots of scenes of ``num_blocks`` cubes that carry the first tags of a set.

    Attributes:
        viewpoint: from where.
        camera: the same, as a tracker is told of it.

    Raises:
        ConfigError: there are fewer tags, or they are too large for the blocks.
        ResourceError: the robot description is not installed.
    """

    def __init__(
        self, robot: Robot, num_blocks: int, tags: TagSet, viewpoint: Viewpoint | None = None, blocks: Blocks = NOMINAL
    ) -> None:
        self.viewpoint = viewpoint or in_front(robot)
        self.camera = camera_at(self.viewpoint)
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
        picture, _ = self.viewpoint.picture(self._scene.client)
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
