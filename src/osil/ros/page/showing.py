"""A demonstration made ready to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import CONTROL_PERIOD
from osil.demonstrations import storage
from osil.figures.replay import snapshots
from osil.figures.thumbnail import draw_thumbnail
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot
from osil.ros.page.pictures import to_jpeg
from osil.tasks.block_size import likely_blocks
from osil.tasks.blocks import Blocks
from osil.worlds.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Showing:
    """One demonstration.

    Attributes:
        block_names: B of them.
        block_size: edge length, metres.
        layout: which block stands on which at the end, in words.
        steps: where robot and blocks are at each of its T steps, one a control period.
        path: ``[T]`` poses of the gripper, base frame.
        picture: how it ends, and the path; a JPEG.
    """

    block_names: tuple[str, ...]
    block_size: float
    layout: str
    steps: Sequence[Snapshot]
    path: GripperPose
    picture: bytes

    def moments(self, spans: Sequence[tuple[float, float]], robot: Robot) -> list[bytes]:
        """A picture, as ``picture``, of the end of each span (seconds) and the path in it; ``robot``: that was led."""
        pictures = []
        for begin, end in spans:
            first, last = (min(round(second / CONTROL_PERIOD), len(self.steps) - 1) for second in (begin, end))
            path = self.path.position[min(first, last) : last + 1]
            pictures.append(to_jpeg(draw_thumbnail(self.steps[last], path, robot, Blocks(self.block_size))))
        return pictures


def make_showing(data: bytes, name: str, robot: Robot) -> Showing:
    """What is seen in the file of a demonstration, shown with ``robot``.

    A file does not say where on the table the scene was. It is laid where this robot can work.

    Raises:
        OsilError: ``data`` are no demonstration, or the robot cannot do what they show.
    """
    stored = storage.loads(data, name)
    steps = snapshots(stored.demonstration, robot)
    joints = np.array([step.joint_positions for step in steps])
    path = robot.kinematics.forward(joints[:, : len(robot.arm_joints)], robot.lift)
    blocks = likely_blocks(stored.demonstration.observations)
    picture = to_jpeg(draw_thumbnail(steps[-1], path.position, robot, blocks))
    return Showing(stored.block_names, blocks.size, stored.layout, steps, path, picture)
