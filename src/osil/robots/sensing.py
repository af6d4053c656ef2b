"""From poses in the base frame to what the policy observes. Simulation and ROS nodes share it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from osil.core import FloatArray, Observation, Scene
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.robots.kinematics import GripperPose
from osil.tasks.blocks import Blocks, in_fingers


def cube_yaws(quaternions: FloatArray) -> FloatArray:
    """Yaws ``[...]`` in [-pi/4, pi/4) of cubes that may lie on any face, radians.

    Args:
        quaternions: ``[..., 4]`` orientations, x y z w.
    """
    x, y, z, w = np.moveaxis(np.asarray(quaternions, dtype=float), -1, 0)
    # Columns are the cube's axes in the base frame; the one that is closest to level tells the yaw.
    axes = np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], axis=-1),
            np.stack([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)], axis=-1),
            np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], axis=-1),
        ],
        axis=-2,
    )
    level = np.abs(axes[..., 2]).argmin(-1)
    axis = np.take_along_axis(axes, level[..., None, None], axis=-2)[..., 0, :]
    return wrap_cube_yaw(np.arctan2(axis[..., 1], axis[..., 0]))


def observe(
    block_positions: FloatArray, block_yaws: FloatArray, gripper: GripperPose, opening: FloatArray | float
) -> Observation:
    """The observation of blocks given in the base frame.

    Args:
        block_positions: ``[..., B, 3]`` centres, metres, base frame.
        block_yaws: ``[..., B]`` radians, base frame.
        gripper: pose of the gripper, leading dimensions ``[...]``.
        opening: ``[...]`` distance between the pads, metres.
    """
    yaw = np.asarray(gripper.yaw)[..., None]
    relative = rotate_z(block_positions - gripper.position[..., None, :], -yaw)
    return Observation(relative, np.asarray(opening, dtype=float), wrap_cube_yaw(block_yaws - yaw))


def observe_late(scene: Scene, grippers: GripperPose, openings: FloatArray, blocks: Blocks) -> Observation:
    """The observation of now, of blocks that were seen a moment ago. Arguments as for ``carried_forward``."""
    now = carried_forward(scene, grippers, openings, blocks)
    return observe(now.block_positions, now.block_yaws, grippers[-1], openings[-1])


def carried_forward(scene: Scene, grippers: GripperPose, openings: FloatArray, blocks: Blocks) -> Scene:
    """Where blocks are now that were seen a moment ago.

    From then on a block between closed fingers moves with them, and every other block stays where it is.

    Args:
        scene: B blocks as they were at the first of K instants, base frame.
        grippers: poses ``[K]`` of the gripper from that instant to now.
        openings: ``[K]`` distance between the pads, metres.
        blocks: how large they are.
    """
    positions, yaws = scene.block_positions, scene.block_yaws
    for before, after in pairwise(range(len(openings))):
        held = in_fingers(observe(positions, yaws, grippers[before], openings[before]), blocks)
        turn = grippers.yaw[after] - grippers.yaw[before]
        carried = grippers.position[after] + rotate_z(positions - grippers.position[before], turn)
        positions = np.where(held[:, None], carried, positions)
        yaws = np.where(held, yaws + turn, yaws)
    return Scene(positions, yaws)
