"""The fake's controller of the arm does what was measured of the vendor's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .fetch_controllers import ABORTED, SUCCEEDED, FollowJointTrajectory

SPEED, PERIOD, STEP = 0.4, 0.05, 0.002


def goal(*points: tuple[float, float, float | None], stamp: float = 0.0, joint: str = "pan") -> dict[str, Any]:
    """Of one joint: (seconds, position, velocity) of each point."""
    time = lambda seconds: {"secs": int(seconds), "nsecs": round(1e9 * (seconds % 1.0))}  # noqa: E731
    return {
        "trajectory": {
            "header": {"stamp": time(stamp)},
            "joint_names": [joint],
            "points": [
                {"positions": [at], "velocities": [] if speed is None else [speed], "time_from_start": time(seconds)}
                for seconds, at, speed in points
            ],
        }
    }


def stream(seconds: float, velocities: bool, rest: float | None) -> np.ndarray:
    """Commanded speeds while the joint is told to go on at ``SPEED``, by goals due after so many seconds.

    Args:
        seconds: after which the point of a goal is due.
        velocities: whether it is told how fast to be there.
        rest: seconds from there to a second point, at rest; None: there is none.
    """
    rng = np.random.default_rng(0)
    arrivals = list(np.arange(100.0, 105.0, PERIOD) + rng.uniform(0.0, 0.03, 100))
    controller, measured, commanded = FollowJointTrajectory(["pan"]), np.zeros(1), []
    for now in np.arange(100.0, 105.0, STEP):
        if arrivals and now >= arrivals[0]:
            reached = SPEED * (arrivals.pop(0) - 100.0 + seconds)
            points = [(seconds, reached, SPEED if velocities else None)]
            if rest is not None:
                points.append((seconds + rest, reached + 0.5 * rest * SPEED, 0.0))
            controller.take(goal(*points))
        told = controller.sample(float(now), measured)
        if told is not None:
            commanded.append(float(told[0]))
            measured = measured + 0.1 * (told - measured)  # a joint follows late
    return np.diff(commanded)[500:] / STEP


def test_one_point_after_a_period_makes_a_saw_tooth_and_a_longer_one_at_rest_in_the_end_does_not() -> None:
    naive, ours = stream(0.05, velocities=False, rest=None), stream(0.1, velocities=True, rest=0.15)
    assert naive.std() > SPEED, "0.58 rad/s were measured"
    assert naive.min() < 0.0
    assert ours.std() < 0.15 * SPEED, "0.02 rad/s were measured, of points that were due after 0.15 s"
    assert ours.min() > 0.5 * SPEED


def run(controller: FollowJointTrajectory, began: float, seconds: float, measured: float = 0.0) -> float:
    """Where the joint is told to be in the end."""
    told = None
    for now in np.arange(began, began + seconds, STEP):
        told = controller.sample(float(now), np.array([measured]))
        measured = measured if told is None else float(told[0])
    return measured


def test_a_goal_of_the_past_is_a_step() -> None:
    controller = FollowJointTrajectory(["pan"])
    controller.take(goal((0.1, 0.1, 0.0), stamp=90.0))
    assert run(controller, 100.0, 2 * STEP) == pytest.approx(0.1)


def test_no_points_leave_the_arm_floating() -> None:
    controller = FollowJointTrajectory(["pan"])
    controller.take(goal())
    assert controller.sample(100.0, np.zeros(1)) is None
    assert controller.floating


def test_goals_succeed_where_they_end_and_are_refused_for_other_joints() -> None:
    controller = FollowJointTrajectory(["pan"])
    controller.take(goal((0.2, 0.1, 0.0)))
    assert run(controller, 100.0, 0.5) == pytest.approx(0.1)
    assert [status for _, status, _ in controller.results] == [SUCCEEDED]
    controller.take(goal((0.2, 0.0, 0.0), joint="lift"))
    assert run(controller, 101.0, 0.5, 0.1) == pytest.approx(0.1)
    assert controller.results[-1][1] == ABORTED
