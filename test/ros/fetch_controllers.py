"""How the vendor's controllers of a Fetch act on goals, as far as was read and measured: what they accept and how they
move. Messages are as rosbridge writes them; times are seconds of the robot's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

POLL = 0.02
"""Seconds between two looks whether a goal shall be preempted."""

INVALID_JOINTS, GOAL_TOLERANCE_VIOLATED = -2, -5
"""Why goals are aborted, in control_msgs/FollowJointTrajectoryResult."""

GOAL_TOLERANCE, GOAL_PATIENCE = 0.02, 0.6
"""Radians and seconds within which the end of a trajectory must be reached."""

PREEMPTED, SUCCEEDED, ABORTED = 2, 3, 4
"""How goals end, in actionlib_msgs/GoalStatus."""


@dataclass(frozen=True, eq=False)
class Point:
    """Of a trajectory: when, where ``[J]`` and how fast ``[J]``; without a velocity the way there is straight."""

    time: float
    position: np.ndarray
    velocity: np.ndarray | None


class FollowJointTrajectory:
    """The arm's controller. Nothing of a goal is checked but the names of its joints.

    Attributes:
        floating: whether a goal without points has left the arm to itself.
        results: how goals ended since somebody looked: id, status and error code.
    """

    def __init__(self, joints: Sequence[str]) -> None:
        self._joints = tuple(joints)
        self.results: list[tuple[str, int, int]] = []
        self.reset()

    def reset(self) -> None:
        """The power was cut: no goal, and nothing to hold."""
        self.floating = False
        self._next: tuple[Mapping[str, Any], str] | None = None
        self._active = ""
        self._path: list[Point] = []  # empty: no goal is active
        self._last: Point | None = None
        self._looked = 0.0

    def take(self, goal: Mapping[str, Any], name: str = "") -> None:
        """A FollowJointTrajectoryGoal has come, with its id; it displaces one that waits."""
        self._next = goal, name

    def sample(self, now: float, measured: np.ndarray) -> np.ndarray | None:
        """Where the joints are told to be now ``[J]``; None: nowhere."""
        if self._looks_for_the_next(now) and self._next is not None:
            (goal, name), self._next = self._next, None
            self._begin(now, goal, name, measured)
        if not self._path:
            return None if self._last is None else self._last.position
        self._last = _sample(self._path, now)
        end = self._path[-1].time
        if now >= end:
            near = np.abs(self._last.position - measured).max() <= GOAL_TOLERANCE
            if near or now > end + GOAL_PATIENCE:
                self._end(*((SUCCEEDED, 0) if near else (ABORTED, GOAL_TOLERANCE_VIOLATED)))
        return self._last.position

    def _looks_for_the_next(self, now: float) -> bool:
        """While a goal is active only now and then."""
        if self._path and now - self._looked < POLL:
            return False
        self._looked = now
        return True

    def _end(self, status: int, code: int = 0) -> None:
        self.results.append((self._active, status, code))
        self._path = []

    def _begin(self, now: float, goal: Mapping[str, Any], name: str, measured: np.ndarray) -> None:
        trajectory, former = goal["trajectory"], self._path
        if former:
            self._end(PREEMPTED)
        self._active = name
        if not trajectory["points"]:
            self.floating, self._last = True, None
            return
        if sorted(trajectory["joint_names"]) != sorted(self._joints):
            self._end(ABORTED, INVALID_JOINTS)
            return
        self.floating = False
        new = self._points(trajectory, now)
        # From where it was told to be if it takes the place of another one, else from where the arm is, and from rest.
        start = self._last if former and self._last is not None else Point(now, measured, np.zeros_like(measured))
        self._path = [start, *new]

    def _points(self, trajectory: Mapping[str, Any], now: float) -> list[Point]:
        order = [trajectory["joint_names"].index(joint) for joint in self._joints]
        start = _seconds(trajectory["header"]["stamp"]) or now
        return [
            Point(
                start + _seconds(point["time_from_start"]),
                np.array(point["positions"], dtype=float)[order],
                np.array(point["velocities"], dtype=float)[order] if point["velocities"] else None,
            )
            for point in trajectory["points"]
        ]


def _sample(path: Sequence[Point], now: float) -> Point:
    """Cubic where there are velocities, else straight. After the end, and if that is past already, the end."""
    if now >= path[-1].time:
        return replace(path[-1], time=now)
    after = next((index for index, point in enumerate(path) if point.time > now), len(path) - 1)
    a, b = path[max(after - 1, 0)], path[after]
    span = b.time - a.time
    share = np.clip((now - a.time) / span, 0.0, 1.0)
    if a.velocity is None or b.velocity is None:
        return Point(now, a.position + share * (b.position - a.position), None)
    leaving, arriving = span * a.velocity, span * b.velocity
    bend = 2 * (a.position - b.position) + leaving + arriving
    curve = 3 * (b.position - a.position) - 2 * leaving - arriving
    position = a.position + share * (leaving + share * (curve + share * bend))
    return Point(now, position, (leaving + share * (2 * curve + share * 3 * bend)) / span)


def _seconds(time: Mapping[str, int]) -> float:
    return time["secs"] + 1e-9 * time["nsecs"]
