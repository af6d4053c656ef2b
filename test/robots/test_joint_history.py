"""Joint readings: which are believed, and where the joints were between two of them."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import NANOSECONDS
from osil.errors import ImplausibleReadingError
from osil.robots.joint_history import JointHistory
from osil.robots.robot import load_robot

FETCH = load_robot("fetch")

REST = {**dict.fromkeys(FETCH.arm_joints, 0.5), FETCH.lift_joint: 0.2, **dict.fromkeys(FETCH.gripper.joints, 0.03)}


def at(seconds: float) -> int:
    return 10 * NANOSECONDS + round(seconds * NANOSECONDS)


def resting() -> JointHistory:
    history = JointHistory(FETCH)
    for step in range(5):
        history.add(at(0.02 * step), REST)
    return history


def test_between_two_readings_a_joint_is_on_the_straight_line() -> None:
    history = resting()
    history.add(at(0.1), {"elbow_flex_joint": 0.51})
    found = history.at([at(-1.0), at(0.085), at(0.09), at(0.1), at(5.0)], ["elbow_flex_joint"])[:, 0]
    np.testing.assert_allclose(found, [0.5, 0.5025, 0.505, 0.51, 0.51])


@pytest.mark.parametrize(
    ("joint", "reading"),
    [
        ("elbow_flex_joint", 1e9),
        ("elbow_flex_joint", np.nan),
        ("shoulder_pan_joint", 50.0),
        ("wrist_roll_joint", -1e5),
        (FETCH.lift_joint, 0.5),
        (FETCH.lift_joint, -0.1),
        (FETCH.gripper.joints[0], 0.2),
    ],
)
def test_what_is_beyond_the_limits_is_refused_and_forgotten(joint: str, reading: float) -> None:
    history = resting()
    with pytest.raises(ImplausibleReadingError, match=f"{joint} reads .* beyond"):
        history.add(at(0.1), {joint: reading})
    np.testing.assert_allclose(history.at([at(0.2)], [joint]), [[REST[joint]]])
    history.add(at(0.12), REST)


@pytest.mark.parametrize("change", [{"elbow_flex_joint": 1.5}, dict.fromkeys(REST, 0.0), {FETCH.lift_joint: 0.1}])
def test_what_moved_faster_than_it_can_is_refused_once(change: dict[str, float]) -> None:
    history = resting()
    with pytest.raises(ImplausibleReadingError, match="jumped by"):
        history.add(at(0.1), {**REST, **change})
    history.add(at(0.12), {**REST, **change})  # if it stays there, the next reading is no jump
    with pytest.raises(ImplausibleReadingError, match="jumped by"):
        history.add(at(0.14), REST)


def test_fingers_that_slip_off_the_edge_of_a_block_are_believed() -> None:
    history = resting()
    history.add(at(0.1), dict.fromkeys(FETCH.gripper.joints, 0.03 - 0.0123))
    with pytest.raises(ImplausibleReadingError, match="jumped by"):
        history.add(at(0.12), dict.fromkeys(FETCH.gripper.joints, 0.05))


def test_every_joint_at_its_greatest_speed_is_believed() -> None:
    history = resting()
    for step in range(1, 20):
        moved = dict(zip(FETCH.arm_joints, 0.5 - 0.02 * step * FETCH.speed, strict=True))
        history.add(at(0.08 + 0.02 * step), moved)


def test_a_reading_that_wraps_is_no_jump_and_counts_on() -> None:
    history = JointHistory(FETCH)
    angles = np.arange(3.0, 3.6, 0.03)
    for step, angle in enumerate(angles):
        history.add(at(0.02 * step), {"wrist_roll_joint": (angle + np.pi) % (2 * np.pi) - np.pi})
    np.testing.assert_allclose(history.at([at(10.0)], ["wrist_roll_joint"]), [[angles[-1]]])


def test_a_joint_that_was_silent_may_be_anywhere_within_its_limits() -> None:
    history = resting()
    history.add(at(2.0), {**REST, "elbow_flex_joint": -1.0})
    np.testing.assert_allclose(history.at([at(2.0)], ["elbow_flex_joint"]), [[-1.0]])


def test_late_readings_are_passed_over_and_a_clock_set_back_begins_anew() -> None:
    history = resting()
    history.add(at(0.05), {"elbow_flex_joint": 2.0})  # came out of order
    np.testing.assert_allclose(history.at([at(1.0)], ["elbow_flex_joint"]), [[0.5]])
    history.add(at(-5.0), {"elbow_flex_joint": 2.0})
    np.testing.assert_allclose(history.at([at(1.0)], ["elbow_flex_joint"]), [[2.0]])
    assert history.times("elbow_flex_joint", after=at(-6.0)) == [at(-5.0)]
