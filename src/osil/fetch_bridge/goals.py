"""Goals of the vendor's two actions, as rosbridge takes them.

The vendor's controllers check nothing: a goal whose end lies in the past is a step, no point at all leaves the arm
floating, and what is beyond a limit is tried. So nothing is made into a goal that could do any of this, as far as the
goal itself tells: that it begins where the arm is, is up to the safety gate. The header's stamp is 0, which means now,
whatever the two clocks say.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.robots.robot import Robot
from osil.robots.trajectory import Trajectory, cubic_accelerations

ARM_ACTION = "/arm_controller/follow_joint_trajectory"
ARM_GOAL_TYPE = "control_msgs/FollowJointTrajectoryActionGoal"
ARM_RESULT_TYPE = "control_msgs/FollowJointTrajectoryActionResult"
GRIPPER_ACTION = "/gripper_controller/gripper_action"
GRIPPER_GOAL_TYPE = "control_msgs/GripperCommandActionGoal"

OURS = "osil-"
"""How the ids of our goals for the arm begin."""

WIDEST = 0.10
"""Greatest opening of the gripper, metres."""

LATENESS = 0.04
"""Seconds by which one goal may begin later than the next: the vendor's controller looks for a new one 50 times a
second, and lets the seconds of its points begin then; and a network takes now more, now less. By that time the arm has
gone too far, or not far enough."""

LONGER = 0.5
"""Seconds by which a goal may last longer than its trajectory, where the arm could not come to rest in time."""

GENTLY = 0.5
"""Seconds at least that the arm has for the last of what it was told."""

MEETINGS = 60
"""So many times at which the arm could meet a trajectory are looked at."""

SPARE_SPEED = 1.05
"""A joint may be told to go so many times as fast as it can: numbers are rounded."""

Message = dict[str, Any]
"""A ROS 1 message as rosbridge writes it."""

NOW: Message = {"secs": 0, "nsecs": 0}


class ArmGoals:
    """Makes goals of trajectories: each takes the place of the last one, smoothly.

    The vendor's controller goes on from where it told the arm to be. Where that is, is known here but for how late its
    goals began. The arm meets the new trajectory as soon as it can within its limits of acceleration, at its end or
    somewhat later if it must.
    """

    def __init__(self, robot: Robot) -> None:
        """``robot``: whose limits are kept."""
        self._robot = robot
        self._told: Trajectory | None = None
        self._since = 0.0

    def told(self, now: float, measured: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Position and velocity ``[J]`` that the arm is told now: the next trajectory begins there.

        Args:
            now: seconds of any clock that does not jump.
            measured: ``[J]`` radians, where the arm is: from there it sets out when it has come to rest.
        """
        if self._told is None or (since := now - self._since) >= self._told.duration:
            return measured, np.zeros_like(measured)
        return self._told.at(since)

    def meet(self, trajectory: Trajectory) -> Trajectory:
        """``trajectory``, met by the arm as soon as it can.

        Args:
            trajectory: from now on, and from where the arm is told to be.

        Raises:
            ObservationError: it does not come to rest, is over before the next one is due, or is beyond a limit.
        """
        _check(self._robot, trajectory)
        return _met(self._robot, trajectory)

    def last_word(self, now: float) -> Trajectory | None:
        """The gentle way to where the arm is to rest at the end of what it was told; None: it does so already.

        For a connection on which nothing is heard any more. What it holds up arrives late and all at once, and this
        last: the arm, which rests by then some way from there, is not told to be where it would have passed.

        Args:
            now: seconds as in ``told``.
        """
        if self._told is None or (since := now - self._since) >= self._told.duration:
            return None
        position, velocity = self._told.at(since)
        return Trajectory(
            np.array([0.0, max(self._told.duration - since, GENTLY)]),
            np.stack([position, self._told.positions[-1]]),
            np.stack([velocity, np.zeros_like(velocity)]),
        )

    def sent(self, trajectory: Trajectory, now: float) -> None:
        """The arm is told to follow ``trajectory`` from now on, in seconds as in ``told``."""
        self._told, self._since = trajectory, now


def _met(robot: Robot, trajectory: Trajectory) -> Trajectory:
    """``trajectory``, met by the arm as soon as it can after the first point."""
    position, velocity = trajectory.positions[0], trajectory.velocities[0]
    meetings = np.linspace(trajectory.times[1], trajectory.duration + LONGER, MEETINGS)
    positions, velocities = trajectory.at(meetings)
    span = meetings[:, None]
    ends = np.abs(cubic_accelerations(positions - position, velocity, velocities, span)).max(1)
    late = 6 * LATENESS * np.abs(velocity) / span**2  # what has to be made up for, if the goal begins late
    greatest = ((ends + late) / robot.acceleration).max(-1)
    within = greatest <= 1.0
    first = int(within.argmax() if within.any() else greatest.argmin())
    later = trajectory.times > meetings[first]
    return Trajectory(
        np.array([0.0, meetings[first], *trajectory.times[later]]),
        np.stack([position, positions[first], *trajectory.positions[later]]),
        np.stack([velocity, velocities[first], *trajectory.velocities[later]]),
    )


def arm_goal(robot: Robot, trajectory: Trajectory, number: int) -> Message:
    """A FollowJointTrajectoryActionGoal. Where it begins is not told: the controller knows.

    Args:
        robot: of these joints.
        trajectory: as ``ArmGoals.meet`` makes them.
        number: of its id. A controller ignores a goal with the id of another one.
    """
    points = [
        {
            "positions": position.tolist(),
            "velocities": velocity.tolist(),
            "accelerations": [],
            "effort": [],
            "time_from_start": _duration(float(seconds)),
        }
        for seconds, position, velocity in zip(
            trajectory.times[1:], trajectory.positions[1:], trajectory.velocities[1:], strict=True
        )
    ]
    header = {"stamp": NOW, "frame_id": ""}
    goal = {
        "trajectory": {"header": header, "joint_names": list(robot.arm_joints), "points": points},
        "path_tolerance": [],
        "goal_tolerance": [],
        "goal_time_tolerance": NOW,
    }
    return _action_goal(goal, f"{OURS}{number}")


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
