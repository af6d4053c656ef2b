"""Guards on the motion of the gripper's set point: pure functions on arrays with any leading dimensions.

A policy may ask for anything. Between it and the joints stand a step limit, a slew limit, a leash to the measured
gripper (which prevents wind-up while something holds the arm back) and the edges of the reachable space
(``Robot.clip_to_reach``).
"""

from __future__ import annotations

from dataclasses import dataclass

from osil.core import FloatArray
from osil.geometry import clip_norm

JOINT_MARGIN = 0.05
"""Radians that a joint stays from its limit."""

BRAKING = 0.01
"""Radians beside ``JOINT_MARGIN`` in which a joint brakes."""


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

    max_step: float
    max_slew: float
    max_yaw_step: float
    leash: float
    yaw_leash: float
    floor_clearance: float
    max_height: float
    min_radius: float
    max_pan: float


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
