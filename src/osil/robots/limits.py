"""Guards on the set point of the gripper: pure functions on arrays with any leading dimensions.

A policy may ask for anything. Between it and the joints stand a step limit, a slew limit, a leash to the measured
gripper (which prevents wind-up while something holds the arm back) and the edges of the reachable space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray
from osil.geometry import clip_norm
from osil.robots.fetch import FINGER_TIP, HAND, LINKS, PAN_AXIS, SHOULDER_RADIUS, TORSO_HEIGHT, shoulder_height


@dataclass(frozen=True)
class MotionLimits:
    """Limits on the motion of the gripper's set point in one control step, metres and radians.

    Attributes:
        max_step: greatest displacement.
        max_slew: greatest change of the displacement vector from one step to the next.
        max_yaw_step: greatest rotation.
        leash: the set point may be this far, and one more step, ahead of the measured gripper.
        yaw_leash: the same for the yaw.
        floor_clearance: the finger tips stay this far above the table.
        max_height: greatest height of the grasp centre over the table.
        min_radius: least distance of the gripper from the pan axis.
        max_pan: greatest angle of the gripper about the pan axis.
    """

    max_step: float = 0.035
    max_slew: float = 0.012
    max_yaw_step: float = 0.10
    leash: float = 0.006
    yaw_leash: float = 0.05
    floor_clearance: float = 0.0025
    max_height: float = 0.45
    min_radius: float = 0.36
    max_pan: float = 1.55


# The planar arm stays clear of full stretch, where a small step needs a great joint speed, and of the limits of
# elbow_flex and shoulder_lift.
_MAX_REACH = 0.667
_MIN_REACH = float(np.sqrt(LINKS[0] ** 2 + LINKS[1] ** 2 + 2 * LINKS[0] * LINKS[1] * np.cos(2.22)))
_MAX_LIFT = 1.21


def slew(
    displacement: FloatArray, previous: FloatArray, limits: MotionLimits, periods: FloatArray | float = 1.0
) -> FloatArray:
    """The displacement ``[..., 3]`` that may follow ``previous`` ``[..., 3]``: both limits applied, metres a step.

    ``periods`` is how many control periods have passed between the two: in half a period a speed changes half as much.
    """
    wanted = clip_norm(displacement, limits.max_step)
    return previous + clip_norm(wanted - previous, limits.max_slew * periods)


def leash(set_point: FloatArray, measured: FloatArray, length: FloatArray | float) -> FloatArray:
    """Pull ``set_point`` ``[..., 3]`` to within ``length`` ``[...]`` of the measured gripper ``[..., 3]``, metres."""
    return measured + clip_norm(set_point - measured, length)


def reach(height: FloatArray, torso: float = TORSO_HEIGHT) -> tuple[FloatArray, FloatArray]:
    """Least and greatest radius (metres) from the pan axis that the gripper reaches pointing down.

    Args:
        height: ``[...]`` of the grasp centre in the base frame, metres.
        torso: position of torso_lift_joint, metres.
    """
    up = np.asarray(height) + HAND - shoulder_height(torso)
    folded = np.sqrt(np.maximum(_MIN_REACH**2 - up**2, 0.0))
    # With shoulder_lift at its limit the wrist is on a circle about the elbow.
    elbow_out, elbow_up = LINKS[0] * np.cos(_MAX_LIFT), LINKS[0] * np.sin(_MAX_LIFT)
    raised = elbow_out + np.sqrt(np.maximum(LINKS[1] ** 2 - (up - elbow_up) ** 2, 0.0))
    raised = np.where(up > elbow_up - LINKS[1], raised, 0.0)
    stretched = np.sqrt(np.maximum(_MAX_REACH**2 - up**2, 0.0))
    return SHOULDER_RADIUS + np.maximum(folded, raised), SHOULDER_RADIUS + stretched


def clip_to_reach(
    position: FloatArray, table_height: float, limits: MotionLimits, torso: float = TORSO_HEIGHT
) -> FloatArray:
    """The nearest reachable grasp centre of the same height, so that motion slides along the edge of the reach.

    Args:
        position: ``[..., 3]`` grasp centre, metres, base frame.
        table_height: of the table top over the floor, metres.
        limits: clearances.
        torso: position of torso_lift_joint, metres.
    """
    lowest = table_height + FINGER_TIP + limits.floor_clearance
    height = np.clip(position[..., 2], lowest, table_height + limits.max_height)
    inner, outer = reach(height, torso)
    x, y = position[..., 0] - PAN_AXIS[0], position[..., 1] - PAN_AXIS[1]
    radius = np.clip(np.hypot(x, y), np.maximum(inner, limits.min_radius), outer)
    angle = np.clip(np.arctan2(y, x), -limits.max_pan, limits.max_pan)
    return np.stack([PAN_AXIS[0] + radius * np.cos(angle), PAN_AXIS[1] + radius * np.sin(angle), height], axis=-1)
