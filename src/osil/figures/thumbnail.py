"""A demonstration in one small picture: how it ends, and the way that the gripper went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from osil.core import FloatArray
from osil.figures.render import SceneRenderer
from osil.robots.robot import Robot
from osil.tasks.blocks import Blocks
from osil.worlds.snapshot import Snapshot
from osil.worlds.viewpoint import Viewpoint

SIZE = 240, 150
"""Width and height, pixels."""

FIELD_OF_VIEW = 23.0
"""Degrees, vertical: of the table alone."""

PATH = (20, 110, 200)


def draw_thumbnail(last: Snapshot, path: FloatArray, robot: Robot, blocks: Blocks) -> NDArray[np.uint8]:
    """The picture ``[height, width, 3]``, RGB.

    Args:
        last: how it ends.
        path: ``[T, 3]`` of the gripper, metres, base frame.
        robot: that was led.
        blocks: how large they are.
    """
    table = robot.table
    target = (table.centre_x + 0.5 * (table.min_radius + table.max_radius), 0.0, table.height + 0.05)
    eye = (target[0] + 1.0, 0.6, target[2] + 0.75)
    viewpoint = Viewpoint(*SIZE, eye=eye, target=target, field_of_view=FIELD_OF_VIEW)
    renderer = SceneRenderer(robot, len(last.block_positions), viewpoint, blocks)
    try:
        image = Image.fromarray(renderer.render(last))
    finally:
        renderer.close()
    ImageDraw.Draw(image).line([tuple(pixel) for pixel in viewpoint.pixels(path).tolist()], fill=PATH, width=2)
    return np.asarray(image)
