"""What the joints were during the last second. A reading that cannot be true is refused."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from osil.core import NANOSECONDS, FloatArray
from osil.errors import ImplausibleReadingError
from osil.robots.robot import Robot

SPAN = 1.0
"""Seconds of readings that are kept. A joint that is silent for longer may be anywhere when it reports again."""

REORDERED = 0.25
"""Seconds by which a reading may be older than the newest and be late. If it is older still, the clock was set back."""

MARGIN = 0.05
"""Radians by which a joint of the arm may read beyond its limit, and jump beyond its speed."""

LINEAR_MARGIN = 0.01
"""The same of a joint that slides, metres."""

SLIP = 0.025
"""Metres by which a finger may jump: it slips off the edge of a block, or a block that it meets pushes it aside."""

SPEED_FACTOR = 2.0
"""A joint may move so many times as fast as its motor is allowed to: it may be pushed, and readings are noisy."""

MAX_TURNS = 100 * 2 * np.pi
"""A continuous joint that reads more than this (radians) has not been turned there."""


class _Joint:
    """Limits of one joint, and its readings of the last second, oldest first."""

    def __init__(self, lower: float, upper: float, speed: float, margin: float, jump: float, continuous: bool) -> None:
        self.lower, self.upper, self.speed, self.margin = lower, upper, speed, margin
        self.jump, self.continuous = jump, continuous
        self.stamps: deque[int] = deque()
        self.positions: deque[float] = deque()

    def add(self, name: str, stamp: int, position: float) -> None:
        if not self.lower - self.margin <= position <= self.upper + self.margin:
            raise ImplausibleReadingError(
                f"{name} reads {position:.6g}, beyond its limits {self.lower:.6g} to {self.upper:.6g}"
            )
        seconds = (stamp - self.stamps[-1]) / NANOSECONDS if self.stamps else np.inf
        if -REORDERED < seconds <= 0.0:
            return
        if not 0.0 < seconds <= SPAN:
            self.stamps.clear()
            self.positions.clear()
        jump, furthest = 0.0, np.inf
        if self.positions:
            if self.continuous:
                position += 2 * np.pi * round((self.positions[-1] - position) / (2 * np.pi))
            jump, furthest = abs(position - self.positions[-1]), SPEED_FACTOR * self.speed * seconds + self.jump
        self.stamps.append(stamp)
        self.positions.append(position)
        while stamp - self.stamps[0] > SPAN * NANOSECONDS:
            self.stamps.popleft()
            self.positions.popleft()
        if jump > furthest:
            raise ImplausibleReadingError(
                f"{name} jumped by {jump:.3g} in {seconds:.3f} s, where it moves at most {self.speed:g} a second"
            )

    def at(self, stamp: int) -> float:
        after = bisect_left(self.stamps, stamp)
        if after == 0 or after == len(self.stamps):
            return self.positions[min(after, len(self.positions) - 1)]
        before = after - 1
        share = (stamp - self.stamps[before]) / (self.stamps[after] - self.stamps[before])
        return self.positions[before] + share * (self.positions[after] - self.positions[before])


class JointHistory:
    """Readings of the joints of arm, lift and fingers, each with the time at which it was true.

    Joints may be reported in several messages, as a robot does whose gripper has a driver of its own. Continuous
    joints are counted on, so that a reading that wraps is no jump.
    """

    def __init__(self, robot: Robot) -> None:
        self._joints = {}
        for name, joint in robot.joints.items():
            turns, finger = name in robot.arm_joints, name in robot.gripper.joints
            margin = MARGIN if turns else LINEAR_MARGIN
            jump = SLIP if finger else margin
            lower, upper = max(joint.lower, -MAX_TURNS), min(joint.upper, MAX_TURNS)
            self._joints[name] = _Joint(lower, upper, joint.speed, margin, jump, bool(np.isinf(joint.upper)))

    def add(self, stamp: int, positions: Mapping[str, float]) -> None:
        """Take in readings (radians or metres by joint name) that were true at ``stamp`` (nanoseconds).

        Joints that nobody asks for are passed over. A jump is kept, so that the next reading is compared with it.

        Raises:
            ImplausibleReadingError: a joint reads beyond its limits, or has moved faster than it can.
        """
        problems = []
        for name, joint in self._joints.items():
            if name in positions:
                try:
                    joint.add(name, stamp, positions[name])
                except ImplausibleReadingError as error:
                    problems.append(str(error))
        if problems:
            raise ImplausibleReadingError("; ".join(problems))

    def at(self, stamps: Sequence[int], names: Sequence[str]) -> FloatArray:
        """Positions ``[K, len(names)]`` at K times (nanoseconds), between two readings on the straight line.

        Before the first and after the last reading that reading holds. All of ``names`` must have been reported.
        """
        return np.array([[self._joints[name].at(stamp) for name in names] for stamp in stamps])

    def times(self, name: str, after: int) -> list[int]:
        """When this joint was reported after ``after``, nanoseconds, ascending."""
        return [stamp for stamp in self._joints[name].stamps if stamp > after]
