"""A demonstration played back: a ghost of the robot does again what was shown, beside what is there now."""

from __future__ import annotations

import time

import numpy as np
from viser import LineSegmentsHandle, SceneApi

from osil.core import CONTROL_PERIOD
from osil.robots.robot import Robot
from osil.ros.page.blocks_drawing import BlocksDrawing
from osil.ros.page.robot_drawing import RobotDrawing
from osil.ros.page.showing import Showing

OPACITY = 0.35

PATH = (20, 110, 200)

PAUSE = 1.5
"""Seconds for which the end is shown."""


class Playback:
    """Plays one demonstration at a time, at the speed at which it was shown."""

    def __init__(self, scene: SceneApi, robot: Robot) -> None:
        self._scene, self._robot = scene, robot
        self._showing: Showing | None = None
        self._began = 0.0
        self._ghost: RobotDrawing | None = None  # drawn when first wanted, for it is as large as the robot
        self._blocks = BlocksDrawing(scene, "/shown/blocks", OPACITY)
        self._path: LineSegmentsHandle | None = None

    @property
    def playing(self) -> bool:
        """Whether something is shown."""
        return self._showing is not None

    def play(self, showing: Showing) -> None:
        """Play from the beginning."""
        self.stop()
        self._showing, self._began = showing, time.monotonic()
        if self._ghost is None:
            self._ghost = RobotDrawing(self._scene, self._robot, "/shown/robot", OPACITY)
        self._ghost.visible = True
        path = showing.path.position
        self._path = self._scene.add_line_segments(
            "/shown/path", np.stack([path[:-1], path[1:]], axis=1), PATH, thickness=0.004
        )

    def stop(self) -> None:
        """Show nothing any more."""
        self._showing = None
        self._blocks.clear()
        if self._ghost is not None:
            self._ghost.visible = False
        if self._path is not None:
            self._path.remove()
            self._path = None

    def draw(self) -> None:
        """Show the present moment."""
        if self._showing is None or self._ghost is None:
            return
        seconds, steps = time.monotonic() - self._began, self._showing.steps
        if seconds > len(steps) * CONTROL_PERIOD + PAUSE:
            self.stop()
            return
        step = steps[min(int(seconds / CONTROL_PERIOD), len(steps) - 1)]
        self._ghost.show(dict(zip(self._robot.all_joints, step.joint_positions.tolist(), strict=True)))
        names, size = self._showing.block_names, self._showing.block_size
        self._blocks.show(names, step.block_positions, step.block_quaternions, size)
