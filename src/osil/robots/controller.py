"""The controller: gripper motion in, joint targets out. The same class serves the simulated world and the ROS node."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.geometry import rotate_z, wrap_angle
from osil.robots import fetch
from osil.robots.fetch import (
    ARM_JOINTS,
    CONTINUOUS,
    JOINT_LOWER,
    JOINT_SPEED,
    JOINT_UPPER,
    TORSO_HEIGHT,
    GripperPose,
)
from osil.robots.limits import MotionLimits, clip_to_reach, leash, slew
from osil.tasks.table import Table


class FetchController:
    """Turns steps of the gripper into targets of the arm's joints, safely.

    Call ``reset`` with the measured joints before the first step and whenever something else has moved the arm, then
    ``step`` once in each control period. To hold, step with zeros.
    """

    def __init__(self, table: Table | None = None, limits: MotionLimits | None = None) -> None:
        self._table = table or Table()
        self._limits = limits or MotionLimits()
        self._targets: FloatArray | None = None
        self._applied: FloatArray = np.zeros(3)

    def reset(self, joint_positions: ArrayLike) -> None:
        """Take ``joint_positions`` ``[7]`` (radians, order of ARM_JOINTS) as the target, at rest.

        Raises:
            ObservationError: not 7 finite numbers.
        """
        joints = np.asarray(joint_positions, dtype=float)
        if joints.shape != (len(ARM_JOINTS),) or not np.isfinite(joints).all():
            raise ObservationError(f"joint_positions: expected 7 finite numbers, got {joints}; wait for joint states")
        self._targets = joints.copy()
        self._applied = np.zeros(3)

    def step(
        self,
        displacement: ArrayLike,
        yaw_step: float,
        joint_positions: ArrayLike,
        torso: float = TORSO_HEIGHT,
        seconds: float = CONTROL_PERIOD,
    ) -> FloatArray:
        """Joint targets ``[7]`` (radians) to be reached ``seconds`` from now.

        A displacement or yaw step that is not finite counts as zero: the gripper slows down and holds. Measured
        joints that are not finite leave the targets as they were.

        Args:
            displacement: ``[3]`` wanted motion in this time, metres, gripper frame.
            yaw_step: wanted rotation in this time, radians.
            joint_positions: ``[7]`` measured, radians.
            torso: measured position of torso_lift_joint, metres.
            seconds: for which the motion lasts, at most a control period. All limits are limits of speed.

        Raises:
            ObservationError: ``reset`` was not called.
        """
        if self._targets is None:
            raise ObservationError("the controller does not know where the arm is; call reset with measured joints")
        limits, measured = self._limits, np.asarray(joint_positions, dtype=float)
        if not np.isfinite(measured).all():
            self._applied = np.zeros(3)
            return self._targets.copy()
        wanted = np.asarray(displacement, dtype=float)
        if not (np.isfinite(wanted).all() and np.isfinite(yaw_step)):
            wanted, yaw_step = np.zeros(3), 0.0

        periods = seconds / CONTROL_PERIOD
        gripper, target = fetch.forward(measured, torso), fetch.forward(self._targets, torso)
        self._applied = slew(rotate_z(wanted / periods, gripper.yaw), self._applied, limits, periods)
        motion = self._applied * periods
        ahead = limits.leash + float(np.sqrt((motion * motion).sum()))
        position = leash(target.position + motion, gripper.position, ahead)
        position = clip_to_reach(position, self._table.height, limits, torso)
        turn = min(max(yaw_step, -limits.max_yaw_step * periods), limits.max_yaw_step * periods)
        yaw_ahead = limits.yaw_leash + abs(turn)
        yaw = gripper.yaw + np.clip(wrap_angle(target.yaw + turn - gripper.yaw), -yaw_ahead, yaw_ahead)

        self._targets = self._towards(fetch.inverse(GripperPose(position, yaw), torso), seconds)
        return self._targets.copy()

    def _towards(self, goal: FloatArray, seconds: float) -> FloatArray:
        """The furthest targets on the way to ``goal`` ``[7]`` that all joint limits and speeds allow."""
        assert self._targets is not None
        change = np.clip(goal, JOINT_LOWER, JOINT_UPPER) - self._targets
        change = np.where(CONTINUOUS, wrap_angle(change), change)  # take the short way
        excess = float((np.abs(change) / (JOINT_SPEED * seconds)).max())
        return self._targets + change / max(excess, 1.0)
