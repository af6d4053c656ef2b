"""A motion of the whole arm that was planned before it began, such as the way to the ready pose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osil.core import FloatArray
from osil.robots.gate_config import GateConfig
from osil.robots.kinematics import unwrapped
from osil.robots.limits import JOINT_MARGIN
from osil.robots.recency import seconds_since
from osil.robots.robot import Robot
from osil.robots.stop_reasons import Refusal, StopReason
from osil.robots.trajectory import Trajectory

PART = 0.2
"""Seconds of the motion that the arm is sent at a time. It is sent anew in each control period; an arm that is sent
nothing more comes to rest on its way, as it does in any other motion."""

SHARE = 0.4
"""Of the acceleration limits that a planned motion uses. An arm that brakes with all of them rests sooner than was
planned, so before the next corner. A part that leads past a corner bends up to 2.3 times as sharply as was planned."""

START = 0.02
"""Radians by which a planned motion may begin beside where the arm is."""

LOOKED_AT = 20
"""Points of each piece of a motion that are held against the limits."""


@dataclass(eq=False)
class PlannedMotion:
    """One that the safety gate has let begin. Times are nanoseconds of one clock.

    Attributes:
        trajectory: how it goes, slowed down to all limits.
        began: when.
        told: seconds of the trajectory that the arm has been told.
        ended: why it is over; empty: it is not.
        arrived: whether it came to its end.
    """

    trajectory: Trajectory
    began: int
    told: float = 0.0
    ended: str = ""
    arrived: bool = False

    def end(self, why: str, arrived: bool = False) -> None:
        """It is over. What is said first counts."""
        if not self.ended:
            self.ended, self.arrived = why, arrived

    def over(self, now: int) -> bool:
        """Whether the arm should have come to the end."""
        return seconds_since(self.began, now) >= max(self.told, self.trajectory.duration)

    def next_state(self, now: int) -> tuple[FloatArray, FloatArray] | None:
        """Position and velocity ``[J]`` in which the arm shall be ``PART`` from now; None: it knows the way to the end.

        Raises:
            Refusal: it is too late: the arm has begun to come to rest.
        """
        since = seconds_since(self.began, now)
        if self.told >= self.trajectory.duration:
            return None
        if self.told and since > self.told:
            raise Refusal(
                StopReason.CLOCK_JUMP,
                f"the controller did not run for {since - self.told + PART:.1f} s; plan the motion anew",
            )
        self.told = since + PART
        return self.trajectory.at(self.told)


def within_limits(robot: Robot, config: GateConfig, trajectory: Trajectory, joints: FloatArray) -> Trajectory:
    """The same motion from where the arm is, slowed down until no limit of speed or acceleration is exceeded.

    Args:
        robot: whose limits they are.
        config: see there.
        trajectory: planned. What it may touch is not looked at.
        joints: ``[J]`` where the arm is, radians.

    Raises:
        Refusal: it begins elsewhere, or leads nearer to the limit of a joint than ``JOINT_MARGIN``.
    """
    first = trajectory.positions[0]
    turns = unwrapped(first, joints, robot.continuous) - first
    if (away := float(np.abs(first + turns - joints).max())) > START:
        raise Refusal(
            StopReason.TRACKING_ERROR,
            f"the planned motion begins {away:.2f} rad from where the arm is (at most {START}); plan it anew",
        )
    trajectory = replace(trajectory, positions=trajectory.positions + turns)
    pieces = len(trajectory.times) - 1
    times = np.interp(np.linspace(0, pieces, LOOKED_AT * pieces + 1), np.arange(pieces + 1), trajectory.times)
    positions, velocities = trajectory.at(times)
    left = np.minimum(positions - robot.lower, robot.upper - positions).min(0)
    at_start = np.minimum(first - robot.lower, robot.upper - first)
    if (too_near := left < np.minimum(JOINT_MARGIN, at_start) - 1e-6).any():
        names = ", ".join(name for name, near in zip(robot.arm_joints, too_near, strict=True) if near)
        raise Refusal(
            StopReason.JOINT_MARGIN, f"the planned motion leads within {JOINT_MARGIN} rad of a limit: {names}"
        )
    hand = robot.kinematics.skeleton(positions, robot.lift)[:, -1]
    hand_speed = np.linalg.norm(np.diff(hand, axis=0), axis=-1) / np.diff(times)
    acceleration = SHARE * config.acceleration_scaling * robot.acceleration
    return trajectory.slowed(
        max(
            1.0,
            float((np.abs(velocities) / robot.speed).max()),
            float(hand_speed.max()) / config.max_speed,
            float(np.sqrt((np.abs(trajectory.accelerations) / acceleration).max())),
        )
    )
