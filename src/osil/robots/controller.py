"""The controller: gripper motion in, joint targets out. The same class serves the simulated world and the ROS node."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.geometry import rotate_z, wrap_angle
from osil.robots.kinematics import GripperPose
from osil.robots.limits import leash, slew
from osil.robots.robot import Robot

WOUND_UP = 0.1
"""A wrist that is so near (radians) to the end of its turn is turned back first."""

STRAIGHTENED = 0.5
"""Part of a hand's tilt that is taken back within the horizon: all at once, the arm would swing."""

RESTING = 1e-9
"""Radians: a joint that is to move by less stays where it is, be it at its limit."""


class ArmController:
    """Turns steps of the gripper into targets of the arm's J joints, safely.

    Call ``reset`` with the measured joints before the first step and whenever something else has moved the arm, then
    ``step`` once in each control period. To hold, step with zeros.

    A wrist that comes to the end of its turn is turned back by a quarter, which looks the same to fingers about a cube;
    meanwhile the gripper stays where it is.

    An edge of the reach is followed. A joint that comes to its limit brings the whole arm to rest, so that the gripper
    stays on its way and upright.

    Args:
        robot: whose limits are kept.
        table_height: of the table top over the floor, metres. None: of the robot's own table.
        horizon: seconds in which the arm takes up another speed. It is never faster than would bring it to a limit
            after so long, or it would swing about the limit for ever (velocity damper, Faverjon and Tournassoud 1987).
    """

    def __init__(self, robot: Robot, table_height: float | None = None, horizon: float = CONTROL_PERIOD) -> None:
        self._robot, self._table_height, self._horizon = robot, table_height, horizon
        self._targets: FloatArray | None = None
        self._applied: FloatArray = np.zeros(3)
        self._turning_back = 0.0  # rotation of the gripper that is left, radians

    def keep_to(self, robot: Robot) -> None:
        """Keep to the limits of this robot from now on: the same one with other limits."""
        self._robot = robot

    def reset(self, joint_positions: ArrayLike) -> None:
        """Take ``joint_positions`` ``[J]`` (radians) as the target, at rest.

        Raises:
            ObservationError: not J finite numbers.
        """
        joints = np.asarray(joint_positions, dtype=float)
        count = len(self._robot.arm_joints)
        if joints.shape != (count,) or not np.isfinite(joints).all():
            raise ObservationError(
                f"joint_positions: expected {count} finite numbers, got {joints}; wait for joint states"
            )
        self._targets = joints.copy()
        self._applied, self._turning_back = np.zeros(3), 0.0

    def correct(self, joint_positions: FloatArray) -> None:
        """Take ``joint_positions`` ``[J]`` (radians) as the target in place of what ``step`` has returned.

        For whoever lets the arm move less than that.
        """
        self._targets = joint_positions.copy()

    def step(
        self,
        displacement: ArrayLike,
        yaw_step: float,
        joint_positions: ArrayLike,
        lift: float | None = None,
        seconds: float = CONTROL_PERIOD,
    ) -> FloatArray:
        """Joint targets ``[J]`` (radians) to be reached ``seconds`` from now.

        A displacement or yaw step that is not finite counts as zero: the gripper slows down and holds. Measured
        joints that are not finite leave the targets as they were.

        Args:
            displacement: ``[3]`` wanted motion in this time, metres, gripper frame.
            yaw_step: wanted rotation in this time, radians.
            joint_positions: ``[J]`` measured, radians.
            lift: measured position of the lift, metres. None: as in the robot's posture.
            seconds: for which the motion lasts, at most a control period. All limits are limits of speed.

        Raises:
            ObservationError: ``reset`` was not called.
        """
        if self._targets is None:
            raise ObservationError("the controller does not know where the arm is; call reset with measured joints")
        limits, kinematics = self._robot.limits, self._robot.kinematics
        lift = self._robot.lift if lift is None else lift
        measured = np.asarray(joint_positions, dtype=float)
        if not np.isfinite(measured).all():
            self._applied = np.zeros(3)
            return self._targets.copy()
        wanted = np.asarray(displacement, dtype=float)
        if not (np.isfinite(wanted).all() and np.isfinite(yaw_step)):
            wanted, yaw_step = np.zeros(3), 0.0
        if self._turning_back or self._wound_up():
            self._turning_back = self._turning_back or float(np.copysign(0.5 * np.pi, self._targets[-1]))
            wanted, yaw_step = np.zeros(3), self._turning_back

        periods = seconds / CONTROL_PERIOD
        gripper, target = kinematics.forward(measured, lift), kinematics.forward(self._targets, lift)
        self._applied = slew(rotate_z(wanted / periods, gripper.yaw), self._applied, limits, periods)
        motion = self._applied * periods
        ahead = limits.leash + float(np.sqrt((motion * motion).sum()))
        position = leash(target.position + motion, gripper.position, ahead)
        stretch = max(self._horizon / seconds, 1.0)
        further = target.position + stretch * (position - target.position)
        within = self._robot.clip_to_reach(further, self._table_height, lift)
        position = target.position + (within - target.position) / stretch
        turn = min(max(yaw_step, -limits.max_yaw_step * periods), limits.max_yaw_step * periods)
        self._turning_back -= turn if self._turning_back else 0.0
        yaw_ahead = limits.yaw_leash + abs(turn)
        yaw = gripper.yaw + np.clip(wrap_angle(target.yaw + turn - gripper.yaw), -yaw_ahead, yaw_ahead)

        goal = kinematics.inverse(GripperPose(position, yaw), self._targets, lift)
        if stretch > 1.0:  # an arm that takes up a speed at once is straightened at once
            tilted = self._change(kinematics.inverse(target, self._targets, lift))
            goal -= (1.0 - STRAIGHTENED / stretch) * tilted
        self._targets = self._towards(goal, seconds, stretch)
        return self._targets.copy()

    def _wound_up(self) -> bool:
        """Whether the wrist, the last joint, is at the end of its turn."""
        assert self._targets is not None
        lower, upper, at = self._robot.lower[-1], self._robot.upper[-1], self._targets[-1]
        return bool(at - lower < WOUND_UP or upper - at < WOUND_UP)

    def _change(self, goal: FloatArray) -> FloatArray:
        """From the targets to ``goal`` ``[J]``, the short way round."""
        assert self._targets is not None
        change = goal - self._targets
        return np.where(self._robot.continuous, wrap_angle(change), change)

    def _towards(self, goal: FloatArray, seconds: float, stretch: float) -> FloatArray:
        """The furthest targets on the way to ``goal`` ``[J]`` that all joint limits and speeds allow.

        Those of joints are kept to on ``stretch`` times the way; a joint beyond one is led back.
        """
        assert self._targets is not None
        inside = np.clip(self._targets, self._robot.lower, self._robot.upper)
        change = self._change(goal)
        room = np.where(change > 0.0, self._robot.upper - inside, inside - self._robot.lower)
        moves = np.abs(change) > RESTING
        share = float((room[moves] / (stretch * np.abs(change[moves]))).min(initial=1.0))
        change = share * change + (inside - self._targets) / stretch
        excess = float((np.abs(change) / (self._robot.speed * seconds)).max())
        return self._targets + change / max(excess, 1.0)
