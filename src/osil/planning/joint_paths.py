"""A planner without MoveIt: the straight line in joint space where it is free, else a path around by OMPL."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from osil.core import FloatArray
from osil.errors import PlanningError
from osil.geometry import wrap_angle
from osil.planning.collisions import MARGIN, CollisionScene, Pair
from osil.planning.planner import Situation
from osil.planning.timing import timed
from osil.robots.kinematics import GripperPose
from osil.robots.limits import JOINT_MARGIN
from osil.robots.robot import Robot
from osil.robots.trajectory import Trajectory
from osil.tasks.blocks import Blocks

RISE = 0.1
"""Metres that a hand among blocks goes up first."""

UPRIGHT = 0.2
"""A hand that is further (radians) from pointing straight down is not among blocks."""


class JointPathPlanner:
    """Plans paths whose every pose is looked at in PyBullet. See ``Planner``.

    An arm that is nearer to something than ``MARGIN`` at the start may come half as near again, to that alone.

    Args:
        robot: with the table as high as it is.
        blocks: how large they are.
    """

    def __init__(self, robot: Robot, blocks: Blocks) -> None:
        self._robot, self._blocks = robot, blocks

    def plan(self, situation: Situation, goal: FloatArray) -> Trajectory:
        """See ``Planner``."""
        scene = CollisionScene(self._robot, self._blocks, situation)
        try:
            path = self._path(scene, situation, goal)
        finally:
            scene.close()
        return timed(path, self._robot.speed, self._robot.acceleration)

    def _path(self, scene: CollisionScene, situation: Situation, goal: FloatArray) -> FloatArray:
        """Corners ``[K, J]``."""
        start = situation.joints
        goal = self._turned(goal, start)
        near = _near(scene, start, goal)
        obstacle = scene.obstacle_between(start, goal, near)
        if obstacle is None:
            return np.array([start, goal])
        risen = self._risen(situation)
        if risen is None or scene.obstacle_between(start, risen, near):
            return self._around(scene, start, goal, near, obstacle)
        if scene.obstacle_between(risen, goal, near) is None:
            return np.array([start, risen, goal])
        return np.array([start, *self._around(scene, risen, goal, near, obstacle)])

    def _turned(self, joints: FloatArray, near: FloatArray) -> FloatArray:
        """The same pose ``[J]``, joints without end turned the short way from ``near`` ``[J]``."""
        return near + np.where(self._robot.continuous, wrap_angle(joints - near), joints - near)

    def _risen(self, situation: Situation) -> FloatArray | None:
        """``[J]`` with the hand straight above where it is; None: it does not point down."""
        kinematics, start, lift = self._robot.kinematics, situation.joints, situation.lift
        if kinematics.tilt(start) > UPRIGHT:
            return None
        hand = kinematics.forward(start, lift)
        above = GripperPose(hand.position + RISE * np.array([0.0, 0.0, 1.0]), hand.yaw)
        return self._turned(kinematics.inverse(above, start, lift), start)

    def _around(
        self, scene: CollisionScene, start: FloatArray, goal: FloatArray, near: Mapping[Pair, float], obstacle: Pair
    ) -> FloatArray:
        """Corners ``[K, J]`` around what is in the way."""
        robot = self._robot
        try:
            from osil.planning.sampling import sample_path  # an extra, which a free way does not need
        except ImportError as error:
            raise PlanningError(
                f"{obstacle[1]} is in the way of {obstacle[0]}, and OMPL, which plans around things, is not installed: "
                "pip install ompl, or clear the way"
            ) from error
        least, greatest = np.minimum(start, goal), np.maximum(start, goal)
        # A joint without end may turn on by half a turn; an arm that starts at a limit leaves its margin.
        lower = np.where(robot.continuous, least - np.pi, np.minimum(robot.lower + JOINT_MARGIN, least))
        upper = np.where(robot.continuous, greatest + np.pi, np.maximum(robot.upper - JOINT_MARGIN, greatest))
        path = sample_path(start, goal, lower, upper, lambda joints: scene.obstacle(joints, near) is None)
        if path is None or any(scene.obstacle_between(one, other, near) for one, other in pairwise(path)):
            raise PlanningError(
                f"{obstacle[1]} is in the way of {obstacle[0]}, and no way around was found; clear the way, or bring "
                "the arm there by hand"
            )
        return path


def _near(scene: CollisionScene, start: FloatArray, goal: FloatArray) -> Mapping[Pair, float]:
    """How near may be what is nearer than the margin at the ends.

    Raises:
        PlanningError: something touches at the start, or is in the way at the goal.
    """
    at_start, at_goal = scene.gaps(start), scene.gaps(goal)
    if touching := [f"{one} touches {other}" for (one, other), gap in at_start.items() if gap <= 0.0]:
        raise PlanningError(
            f"the arm is in collision where it is: {', '.join(touching)}; "
            "put down what the hand holds, or free the arm by hand"
        )
    links = scene.links
    if blocked := {other for (_, other), gap in at_goal.items() if other not in links or gap <= 0.0}:
        raise PlanningError(
            f"the arm has no room at its goal: nearer than {100 * MARGIN:.0f} cm to {', '.join(sorted(blocked))}; "
            "clear it away first"
        )
    return {pair: 0.5 * min(at_start.get(pair, MARGIN), at_goal.get(pair, MARGIN)) for pair in {*at_start, *at_goal}}
