"""From poses in the base frame to what the policy observes. Simulation and ROS nodes share it."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray, Observation
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.worlds.fetch_arm import GripperPose


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
