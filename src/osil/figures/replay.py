"""Shows a demonstration file again. Nothing is simulated: robot and blocks are put where they were seen.

A demonstration holds what the gripper saw, so where it stood on the table is not in it. Here the gripper's path is
worked out from the blocks that lie still, and the scene is laid where the robot could have worked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from osil.core import CONTROL_PERIOD, Action, Demonstration, FloatArray, Observation
from osil.demonstrations.gripper_motion import gripper_path
from osil.geometry import rotate_z
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot
from osil.tasks.block_size import likely_blocks
from osil.tasks.blocks import NOMINAL, Blocks
from osil.tasks.table import Table
from osil.worlds.snapshot import Snapshot
from osil.worlds.window import Window


def snapshots(demonstration: Demonstration[Observation, Action], robot: Robot) -> list[Snapshot]:
    """What a picture of each of the T steps shows: joints of the arm, and blocks on a table."""
    observations = demonstration.observations
    path = gripper_path(observations)
    blocks = rotate_z(observations.block_positions, path.yaw[:, None]) + path.position[:, None]
    block_yaws = observations.block_yaws + path.yaw[:, None]
    turn, origin = _laid_out(blocks[0], robot.table, likely_blocks(observations))
    gripper = GripperPose(rotate_z(path.position, turn) + origin, path.yaw + turn)
    arm = robot.kinematics.inverse(gripper, robot.home, robot.lift)
    blocks, half = rotate_z(blocks, turn) + origin, 0.5 * (block_yaws + turn)
    zero = np.zeros_like(half)
    quaternions = np.stack([zero, zero, np.sin(half), np.cos(half)], axis=-1)
    fingers = 0.5 * np.stack([observations.gripper_opening] * 2, axis=-1)
    still = np.broadcast_to(tuple(robot.posture.values()), (len(arm), len(robot.posture)))
    joints = np.concatenate([arm, still, fingers], axis=-1)
    return [Snapshot(*step) for step in zip(joints, blocks, quaternions, strict=True)]


def play(steps: Sequence[Snapshot], robot: Robot, speed: float = 1.0, blocks: Blocks = NOMINAL) -> None:
    """Show snapshots of robot and blocks in PyBullet's window, ``speed`` times as fast as they were.

    It ends with the last of them, or when somebody closes the window.

    Raises:
        SceneError: there is no display.
    """
    window = Window(robot, len(steps[0].block_positions), blocks)
    began = time.monotonic()
    try:
        for number, step in enumerate(steps):
            window.show(step)
            time.sleep(max(0.0, began + (number + 1) * CONTROL_PERIOD / speed - time.monotonic()))
            if not window.open:
                break
    finally:
        window.close()


def _laid_out(positions: FloatArray, table: Table, blocks: Blocks) -> tuple[float, FloatArray]:
    """Turn (radians) and shift ``[3]`` (metres) that bring blocks at ``[B, 3]`` to where they may lie on the table."""
    turns = np.linspace(-1.2, 1.2, 49)
    x, y = (
        np.linspace(table.centre_x, table.centre_x + table.max_radius, 71),
        np.linspace(-table.max_y, table.max_y, 43),
    )
    shifts = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 1, 2)
    centred = positions - positions.mean(0)
    best, answer = np.inf, (0.0, np.zeros(3))
    for turn in turns:
        x, y = np.moveaxis(rotate_z(centred, turn)[:, :2] + shifts, -1, 0)
        radius = np.hypot(x - table.centre_x, y)
        excess = np.maximum(radius - table.max_radius, 0.0) + np.maximum(table.min_radius - radius, 0.0)
        excess = (excess + np.maximum(np.abs(y) - table.max_y, 0.0)).max(-1) + 1e-3 * abs(turn)
        if excess.min() < best:
            best = float(excess.min())
            middle = rotate_z(positions.mean(0), turn)
            height = table.height + blocks.half - positions[:, 2].min()
            answer = float(turn), np.append(shifts[excess.argmin(), 0] - middle[:2], height)
    return answer
