"""Goals that the vendor's unchecking controllers can be given, and none other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.fetch_bridge.goals import LATENESS, OURS, ArmGoals, arm_goal, gripper_goal
from osil.robots.gate_config import ON_A_ROBOT
from osil.robots.robot import load_robot
from osil.robots.trajectory import Trajectory

FETCH = load_robot("fetch")

REST = np.zeros(len(FETCH.arm_joints))
SECONDS = ON_A_ROBOT["lookahead"]
TRAJECTORY = Trajectory.to_rest(FETCH.home, REST, SECONDS, 0.05 * FETCH.acceleration, FETCH.acceleration)


def test_a_goal_starts_now_and_ends_at_rest_with_exactly_the_joints_of_the_arm() -> None:
    goal = json.loads(json.dumps(goal_of(TRAJECTORY)))
    assert goal["goal_id"] == {"stamp": {"secs": 0, "nsecs": 0}, "id": f"{OURS}7"}
    trajectory = goal["goal"]["trajectory"]
    assert trajectory["header"]["stamp"] == {"secs": 0, "nsecs": 0}
    assert trajectory["joint_names"] == list(FETCH.arm_joints)
    assert not np.any(trajectory["points"][-1]["velocities"])


@pytest.mark.parametrize("speed", [0.0, 0.05, 0.2, 0.4])
def test_an_arm_that_is_where_it_should_be_follows_the_trajectory(speed: float) -> None:
    velocity = speed * FETCH.acceleration
    trajectory = Trajectory.to_rest(FETCH.home, velocity, SECONDS, velocity, FETCH.acceleration)
    times, positions, velocities = points_of(goal_of(trajectory))
    assert times[-1] >= trajectory.duration - 1e-9
    np.testing.assert_allclose(positions, trajectory.at(times)[0], atol=1e-9)
    np.testing.assert_allclose(velocities, trajectory.at(times)[1], atol=1e-9)


@pytest.mark.parametrize("late", [-LATENESS, 0.0, LATENESS])
@pytest.mark.parametrize("speed", [0.05, 0.2, 0.4])
def test_an_arm_that_got_a_goal_late_makes_up_for_it_within_its_limits(speed: float, late: float) -> None:
    velocity = speed * FETCH.acceleration
    scaled = ON_A_ROBOT["acceleration_scaling"] * FETCH.acceleration
    stop = Trajectory.to_rest(FETCH.home, velocity, SECONDS, 0.9 * velocity, scaled)
    times, positions, velocities = points_of(goal_of(stop))
    ahead = FETCH.home + late * velocity
    told = Trajectory(np.append(0.0, times), np.vstack([ahead, positions]), np.vstack([velocity, velocities]))
    assert (np.abs(told.accelerations) / FETCH.acceleration).max() <= 1.0 + 1e-6
    np.testing.assert_allclose(positions[-1], stop.positions[-1])


def test_an_arm_that_was_told_to_be_elsewhere_gets_there_within_its_limits() -> None:
    elsewhere = FETCH.home + 0.05 * np.eye(len(REST))[0]
    times, positions, velocities = points_of(goal_of(TRAJECTORY.begun_at(elsewhere, REST)))
    told = Trajectory(np.append(0.0, times), np.vstack([elsewhere, positions]), np.vstack([REST, velocities]))
    assert times[0] > TRAJECTORY.times[1]
    assert (np.abs(told.accelerations) / FETCH.acceleration).max() <= 1.0 + 1e-6


def test_the_last_word_leads_gently_to_the_end_of_what_was_told() -> None:
    goals, gently = ArmGoals(FETCH), TRAJECTORY.slowed(2.0)
    assert goals.last_word(5.0) is None
    goals.sent(gently, 5.0)
    last = goals.last_word(5.0 + CONTROL_PERIOD)
    assert last is not None
    np.testing.assert_array_equal(last.positions[-1], gently.positions[-1])
    assert not last.velocities[-1].any()
    assert (np.abs(last.accelerations) / FETCH.acceleration).max() <= 1.0
    rested = Trajectory(last.times, np.stack([gently.positions[0], last.positions[-1]]), 0.0 * last.velocities)
    assert (np.abs(rested.accelerations) / FETCH.acceleration).max() <= 1.0, "also from where nothing of it was heard"
    assert goals.last_word(5.01 + gently.duration) is None, "it rests already"


def test_the_next_trajectory_begins_where_the_arm_was_told_to_be_or_else_where_it_is() -> None:
    goals, sagged = ArmGoals(FETCH), FETCH.home - 0.01
    np.testing.assert_array_equal(goals.told(5.0, sagged), [sagged, REST])
    gently = TRAJECTORY.slowed(2.0)
    goals.meet(gently)  # and is not sent: the connection has just gone
    np.testing.assert_array_equal(goals.told(5.0 + CONTROL_PERIOD, sagged), [sagged, REST])
    goals.sent(gently, 5.0)
    np.testing.assert_allclose(goals.told(5.0 + CONTROL_PERIOD, sagged), gently.at(CONTROL_PERIOD))
    np.testing.assert_array_equal(goals.told(5.01 + gently.duration, sagged), [sagged, REST])


def goal_of(trajectory: Trajectory) -> dict[str, Any]:
    return arm_goal(FETCH, ArmGoals(FETCH).meet(trajectory), 7)


def points_of(goal: dict[str, Any]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, positions and velocities."""
    points = goal["goal"]["trajectory"]["points"]
    times = [point["time_from_start"]["secs"] + 1e-9 * point["time_from_start"]["nsecs"] for point in points]
    return np.array(times), *(np.array([point[name] for point in points]) for name in ("positions", "velocities"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"velocities": np.ones_like(TRAJECTORY.velocities)}, "does not end at rest"),
        ({"times": 0.2 * TRAJECTORY.times}, "the first point"),
        ({"positions": np.full_like(TRAJECTORY.positions, np.nan)}, "not finite"),
        ({"positions": TRAJECTORY.positions + 2.0}, "beyond the limits of shoulder_pan_joint"),
        ({"velocities": TRAJECTORY.velocities * 100.0}, "faster than the joints"),
        ({"positions": TRAJECTORY.positions + np.linspace(0.0, 0.5, 3)[:, None]}, "faster than the joints"),
    ],
)
def test_what_a_fetch_would_follow_to_its_harm_is_refused(changes: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(ObservationError, match=words):
        goal_of(replace(TRAJECTORY, **changes))


def test_the_gripper_opens_as_far_as_it_can() -> None:
    for asked, told in ((0.066, 0.066), (-1.0, 0.0), (1.0, 0.10)):
        assert gripper_goal(asked, 30.0)["goal"] == {"command": {"position": told, "max_effort": 30.0}}
