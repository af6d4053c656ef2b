"""The gripper's motion, worked out from the blocks: seen from the gripper, blocks that lie still move the other way."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray, Observation
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.robots.kinematics import GripperPose


def gripper_path(observations: Observation) -> GripperPose:
    """Where the gripper went, in the frame in which it began: poses with leading ``[T]``."""
    steps, turns = gripper_motion(observations)
    yaw = np.concatenate([[0.0], np.cumsum(turns)])
    return GripperPose(np.concatenate([np.zeros((1, 3)), np.cumsum(rotate_z(steps, yaw[:-1]), axis=0)]), yaw)


def gripper_motion(observations: Observation) -> tuple[FloatArray, FloatArray]:
    """How the gripper moved from each of T observations to the next: as ``motion_between``, leading ``[T - 1]``."""
    return motion_between(observations[:-1], observations[1:])


def motion_between(before: Observation, after: Observation) -> tuple[FloatArray, FloatArray]:
    """How the gripper moved from one observation to another, in each of N pairs (leading ``[N]``).

    All blocks but the one nearest to the gripper (which may be held or pushed) are taken to lie still.

    Returns:
        Displacements ``[N, 3]`` in metres, gripper frame before the motion, and rotations about z ``[N]`` in radians.
    """
    positions = before.block_positions
    still = np.ones(positions.shape[:2], dtype=np.bool_)
    nearest = (positions**2).sum(-1).argmin(-1)
    still[np.arange(len(still)), nearest] = positions.shape[1] == 1
    turns = -_median(wrap_cube_yaw(after.block_yaws - before.block_yaws)[..., None], still)[..., 0]
    return _median(positions - rotate_z(after.block_positions, turns[:, None]), still), turns


def _median(values: FloatArray, chosen: np.ndarray) -> FloatArray:
    """Median over the chosen blocks, as many in each row: ``[N, B, K]`` to ``[N, K]``."""
    ordered = np.sort(np.where(chosen[..., None], values, np.inf), axis=1)
    count = chosen[0].sum() if len(chosen) else 1
    median: FloatArray = 0.5 * (ordered[:, (count - 1) // 2] + ordered[:, count // 2])
    return median
