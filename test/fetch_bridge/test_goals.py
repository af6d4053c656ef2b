"""Goals that the vendor's unchecking controllers can be given, and none other."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from osil.errors import ObservationError
from osil.fetch_bridge.goals import MEETING, arm_goal, gripper_goal
from osil.robots.robot import load_robot
from osil.robots.trajectory import Trajectory

FETCH = load_robot("fetch")

REST = np.zeros(len(FETCH.arm_joints))
TRAJECTORY = Trajectory.to_rest(FETCH.home, REST, 0.05 * FETCH.acceleration, FETCH.acceleration)


def test_a_goal_starts_now_and_ends_at_rest_with_exactly_the_joints_of_the_arm() -> None:
    goal = json.loads(json.dumps(arm_goal(FETCH, TRAJECTORY)))
    assert goal["goal_id"] == {"stamp": {"secs": 0, "nsecs": 0}, "id": ""}
    trajectory = goal["goal"]["trajectory"]
    assert trajectory["header"]["stamp"] == {"secs": 0, "nsecs": 0}
    assert trajectory["joint_names"] == list(FETCH.arm_joints)
    assert not np.any(trajectory["points"][-1]["velocities"])


@pytest.mark.parametrize("speed", [0.0, 0.05, 0.2])
def test_the_arm_meets_the_trajectory_and_ends_with_it(speed: float) -> None:
    velocity = speed * FETCH.acceleration
    trajectory = Trajectory.to_rest(FETCH.home, velocity, velocity, FETCH.acceleration)
    points = arm_goal(FETCH, trajectory)["goal"]["trajectory"]["points"]
    times = [point["time_from_start"]["secs"] + 1e-9 * point["time_from_start"]["nsecs"] for point in points]
    assert times[0] == pytest.approx(min(MEETING, trajectory.duration))
    assert times[-1] == pytest.approx(trajectory.duration)
    for point, position, velocity in zip(points, *trajectory.at(np.array(times)), strict=True):
        np.testing.assert_allclose(point["positions"], position, atol=1e-9)
        np.testing.assert_allclose(point["velocities"], velocity, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"velocities": np.ones_like(TRAJECTORY.velocities)}, "does not end at rest"),
        ({"times": 0.4 * TRAJECTORY.times}, "the first point"),
        ({"positions": np.full_like(TRAJECTORY.positions, np.nan)}, "not finite"),
        ({"positions": TRAJECTORY.positions + 2.0}, "beyond the limits of shoulder_pan_joint"),
        ({"velocities": TRAJECTORY.velocities * 100.0}, "faster than the joints"),
    ],
)
def test_what_a_fetch_would_follow_to_its_harm_is_refused(changes: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(ObservationError, match=words):
        arm_goal(FETCH, replace(TRAJECTORY, **changes))


def test_the_gripper_opens_as_far_as_it_can() -> None:
    for asked, told in ((0.066, 0.066), (-1.0, 0.0), (1.0, 0.10)):
        assert gripper_goal(asked, 30.0)["goal"] == {"command": {"position": told, "max_effort": 30.0}}
