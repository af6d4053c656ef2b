"""Where on the page things are seen from where one looks at first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.robots.robot import Robot
from osil.ros.page.scene_drawing import first_view


@dataclass(frozen=True)
class Screen:
    """That of a desktop or, upright, of a phone; pixels."""

    width: int
    height: int

    def pixel(self, place: np.ndarray, robot: Robot) -> tuple[float, float]:
        """Where a place (``[3]`` metres, base frame) is seen, from the upper left corner."""
        view = first_view(robot, upright=self.height > self.width)
        ahead = (view.target - view.eye) / np.linalg.norm(view.target - view.eye)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        way = place - view.eye
        scale = 0.5 * self.height / np.tan(0.5 * view.field_of_view) / (way @ ahead)
        return 0.5 * self.width + scale * (way @ right), 0.5 * self.height - scale * (way @ np.cross(right, ahead))
