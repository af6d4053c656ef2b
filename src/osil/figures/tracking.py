"""A picture of a camera with what is made of it: each block as it is believed to be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from osil.geometry import rotate_z
from osil.tasks.blocks import Blocks
from osil.tracking.camera import Camera
from osil.tracking.tracker import TrackedBlock

IN_SIGHT, HIDDEN = (0, 150, 0), (230, 90, 0)
"""RGB of the outlines."""

FACE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]])


def draw_tracked(
    picture: NDArray[np.uint8], tracked: Mapping[str, TrackedBlock], camera: Camera, blocks: Blocks
) -> NDArray[np.uint8]:
    """The picture ``[height, width, 3]``, RGB, with the edges of each block that is believed, its name and its age."""
    image = Image.fromarray(picture)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(len(picture) / 36)
    for name, block in tracked.items():
        colour = HIDDEN if block.age > 0.0 else IN_SIGHT
        for height in (-1.0, 1.0):
            corners = blocks.half * np.column_stack([FACE, np.full(len(FACE), height)])
            outline = camera.project(rotate_z(corners, block.yaw) + block.position)
            draw.line([(x, y) for x, y in outline.tolist()], fill=colour, width=2)
        x, y = outline.max(0).tolist()
        text = f"{name}, {block.age:.1f} s" if block.age > 0.0 else name
        draw.text((x + 4, y), text, fill=colour, font=font, anchor="lm")
    return np.asarray(image)
