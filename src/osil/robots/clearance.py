"""How far an arm is from where it must not be. Hard limits: ``ArmController`` keeps away from them by the room in which
an arm brakes.

The table counts as a plane without end, which elbow, wrist and finger tips stay above. The arm counts as rods with
round ends, of which the hand stays away from the upper arm and from the trunk, an upright cylinder (``Body``). Nothing
else is seen here: not the blocks, not what is held, not the rest of the robot.
"""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray
from osil.robots.limits import BRAKING, JOINT_MARGIN
from osil.robots.robot import Robot
from osil.robots.stop_reasons import StopReason

ROOM = 0.03
"""Metres beyond the workspace, beside and above, in which an arm that comes to its edge brakes."""

STRETCH = 0.005
"""Metres beyond the reach in which an arm that comes to its end brakes."""

AT_EDGE = 0.01
"""An arm that is so near (radians or metres) to where it is kept is at an edge."""


def clearances(robot: Robot, joints: FloatArray, lift: float, table_height: float) -> dict[StopReason, FloatArray]:
    """Radians or metres ``[K]`` that are left to each limit; negative: it is exceeded.

    Args:
        robot: whose limits they are.
        joints: ``[K, J]`` radians.
        lift: position of the lift, metres.
        table_height: of the table top over the floor, metres.
    """
    limits, body, kinematics = robot.limits, robot.body, robot.kinematics
    points = kinematics.skeleton(joints, lift)
    shoulder, elbow, wrist, grasp = np.moveaxis(points, -2, 0)
    height = grasp[..., 2] - table_height
    across = points[..., :2] - kinematics.axis
    radius = np.hypot(across[..., 3, 0], across[..., 3, 1])
    pan = np.abs(np.arctan2(across[..., 3, 1], across[..., 3, 0]))
    inner, outer = kinematics.reach(grasp[..., 2], lift)
    flat = np.stack([across[..., 0], across[..., 1], np.zeros_like(across[..., 0])], axis=-1)
    trunk = np.zeros_like(grasp)
    to_trunk = _distance((trunk, trunk), (flat[..., 2, :], flat[..., 3, :])) - body.trunk - body.rod
    folded = _distance((shoulder, elbow), (wrist, grasp)) - 2 * body.rod
    return {
        StopReason.JOINT_MARGIN: np.minimum(joints - robot.lower, robot.upper - joints).min(-1) - JOINT_MARGIN,
        StopReason.TABLE: _least(
            height - robot.gripper.tip, *(point[..., 2] - body.rod - table_height for point in (elbow, wrist))
        ),
        StopReason.WORKSPACE: _least(
            limits.max_height + ROOM - height, radius - limits.min_radius + ROOM, radius * (limits.max_pan - pan) + ROOM
        ),
        StopReason.REACH: _least(outer - radius, radius - inner) + STRETCH,
        StopReason.SELF_COLLISION: np.minimum(folded, to_trunk),
    }


def edge(robot: Robot, joints: FloatArray, lift: float, table_height: float) -> StopReason | None:
    """At the edge of which limit an arm is kept by ``ArmController``; None: at none.

    Args:
        robot, lift, table_height: see ``clearances``.
        joints: ``[J]`` radians.
    """
    kept = {
        StopReason.JOINT_MARGIN: BRAKING,
        StopReason.TABLE: robot.limits.floor_clearance,
        StopReason.WORKSPACE: ROOM,
        StopReason.REACH: STRETCH,
    }
    left = {
        reason: float(gap[0]) - kept.get(reason, 0.0)
        for reason, gap in clearances(robot, joints[None], lift, table_height).items()
    }
    reason = min(left, key=left.__getitem__)
    return reason if left[reason] < AT_EDGE else None


def _least(*gaps: FloatArray) -> FloatArray:
    least: FloatArray = np.minimum.reduce(gaps)
    return least


def _distance(one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Least distance ``[...]`` between two straight lines with ends ``[..., 3]``, one of which may be a point."""
    (a, b), (c, d) = one, other
    u, v, w = b - a, d - c, a - c
    uu, uv, vv, uw, vw = ((x * y).sum(-1) for x, y in ((u, u), (u, v), (v, v), (u, w), (v, w)))
    tiny = 1e-12
    s = np.clip((uv * vw - vv * uw) / np.maximum(uu * vv - uv * uv, tiny), 0.0, 1.0)
    t = np.clip((uv * s + vw) / np.maximum(vv, tiny), 0.0, 1.0)
    s = np.clip((uv * t - uw) / np.maximum(uu, tiny), 0.0, 1.0)
    distance: FloatArray = np.linalg.norm(w + s[..., None] * u - t[..., None] * v, axis=-1)
    return distance
