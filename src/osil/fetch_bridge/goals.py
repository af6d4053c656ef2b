"""Goals of the vendor's two actions, as rosbridge takes them.

The vendor's controllers check nothing: a goal whose end lies in the past is a step, no point at all leaves the arm
floating, and what is beyond a limit is tried. So nothing is made into a goal that could do any of this, as far as the
goal itself tells: that it begins where the arm is, is up to the safety gate. The header's stamp is 0, which means now,
whatever the two clocks say.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osil.core import CONTROL_PERIOD
from osil.errors import ObservationError
from osil.robots.robot import Robot
from osil.robots.trajectory import Trajectory

ARM_ACTION = "/arm_controller/follow_joint_trajectory"
ARM_GOAL_TYPE = "control_msgs/FollowJointTrajectoryActionGoal"
ARM_RESULT_TYPE = "control_msgs/FollowJointTrajectoryActionResult"
GRIPPER_ACTION = "/gripper_controller/gripper_action"
GRIPPER_GOAL_TYPE = "control_msgs/GripperCommandActionGoal"

OURS = "osil-"
"""How the ids of our goals for the arm begin."""

WIDEST = 0.10
"""Greatest opening of the gripper, metres."""

LATENESS = 0.01
"""Seconds by which one goal is later than the next: the vendor's controller looks for a new one 50 times a second, and
lets the seconds of its points begin then. By that time the arm has gone too far, or not far enough."""

MAKING_UP = 0.3
"""Share of its limit of acceleration by which a joint makes up for that. Less would be worse: an arm that makes up for
it slowly has more to make up for when it has to brake."""

SPARE_SPEED = 1.05
"""A joint may be told to go so many times as fast as it can: numbers are rounded."""

Message = dict[str, Any]
"""A ROS 1 message as rosbridge writes it."""

NOW: Message = {"secs": 0, "nsecs": 0}


def arm_goal(robot: Robot, trajectory: Trajectory, number: int) -> Message:
    """A FollowJointTrajectoryActionGoal that takes the place of the last one, smoothly.

    The arm goes on from where it was told to be, and meets the trajectory soon after, or at its end.

    Args:
        robot: whose limits are kept.
        trajectory: from now on; where it begins is not looked at.
        number: of its id. A controller ignores a goal with the id of another one.

    Raises:
        ObservationError: it does not come to rest, is over before the next one is due, or is beyond a limit.
    """
    _check(robot, trajectory)
    meeting = max(float(trajectory.times[1]), min(_meeting(robot, trajectory), trajectory.duration))
    times = np.array([meeting, *trajectory.times[trajectory.times > meeting]])
    points = [
        {
            "positions": position.tolist(),
            "velocities": velocity.tolist(),
            "accelerations": [],
            "effort": [],
            "time_from_start": _duration(float(seconds)),
        }
        for seconds, position, velocity in zip(times, *trajectory.at(times), strict=True)
    ]
    header = {"stamp": NOW, "frame_id": ""}
    goal = {
        "trajectory": {"header": header, "joint_names": list(robot.arm_joints), "points": points},
        "path_tolerance": [],
        "goal_tolerance": [],
        "goal_time_tolerance": NOW,
    }
    return _action_goal(goal, f"{OURS}{number}")


def _meeting(robot: Robot, trajectory: Trajectory) -> float:
    """Seconds in which a cubic makes up for what an arm of this speed goes in ``LATENESS``, by ``MAKING_UP``."""
    speed = np.abs(trajectory.velocities).max(0)
    return float(np.sqrt(6.0 * LATENESS * (speed / robot.acceleration).max() / MAKING_UP))


def gripper_goal(opening: float, effort: float) -> Message:
    """A GripperCommandActionGoal.

    Args:
        opening: distance between the finger pads, metres; brought into what the gripper can do.
        effort: greatest force, newtons; more than 0, which some of the vendor's programs take for no torque.
    """
    return _action_goal({"command": {"position": min(max(opening, 0.0), WIDEST), "max_effort": effort}})


def _check(robot: Robot, trajectory: Trajectory) -> None:
    if not (np.isfinite(trajectory.positions).all() and np.isfinite(trajectory.velocities).all()):
        raise ObservationError("a trajectory has a number that is not finite; dropped")
    if np.abs(trajectory.velocities[-1]).max() > 1e-6:
        raise ObservationError("a trajectory does not end at rest; dropped: it might be the last one")
    if trajectory.times[1] <= CONTROL_PERIOD:
        raise ObservationError(
            f"the first point of a trajectory is due after {trajectory.times[1]:.3f} s; dropped: it must be more than "
            f"{CONTROL_PERIOD} s, or the arm stops before the next one comes, and shakes"
        )
    lowest, highest = trajectory.positions[1:].min(0), trajectory.positions[1:].max(0)
    if (beyond := (lowest < robot.lower) | (highest > robot.upper)).any():
        names = [name for name, wrong in zip(robot.arm_joints, beyond, strict=True) if wrong]
        raise ObservationError(f"a trajectory leads beyond the limits of {', '.join(names)}; dropped")
    between = np.diff(trajectory.positions[1:], axis=0) / np.diff(trajectory.times[1:])[:, None]
    if any((np.abs(one) > SPARE_SPEED * robot.speed).any() for one in (trajectory.velocities, between)):
        raise ObservationError("a trajectory is faster than the joints; dropped")


def _action_goal(goal: Message, name: str = "") -> Message:
    """With a stamp of 0, which the action server fills in by its own clock, and so with an id that is empty."""
    return {"header": {"stamp": NOW, "frame_id": ""}, "goal_id": {"stamp": NOW, "id": name}, "goal": goal}


def _duration(seconds: float) -> Message:
    whole, fraction = divmod(round(seconds * 1e9), 10**9)
    return {"secs": whole, "nsecs": fraction}
