"""How near the arm is to the table, the blocks and itself in any pose, as PyBullet measures it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from osil.core import FloatArray
from osil.planning.planner import Situation
from osil.robots.robot import Robot
from osil.tasks.blocks import Blocks
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot

MARGIN = 0.02
"""Metres that the arm keeps from everything."""

STEP = 0.03
"""Radians of all joints together from one look at a path to the next. The arm is not much longer than a metre, so no
point of it moves further than ``MARGIN`` from the nearer of the two."""

POSTURES = 100
"""Random postures. Parts of the arm that are near each other in all of them are neighbours, which cannot collide."""

Pair = tuple[str, str]
"""A link of the arm, and the link or thing that it is near to."""


class CollisionScene:
    """One situation, in which the arm can be put anywhere.

    Args:
        robot: with the table as high as it is.
        blocks: how large they are.
        situation: where everything is.
    """

    def __init__(self, robot: Robot, blocks: Blocks, situation: Situation) -> None:
        self._bodies = BulletScene(robot, len(situation.block_names), Physics(blocks=blocks))
        self._client, self._arm = self._bodies.client, self._bodies.arm
        self._joints = self._bodies.joints[: len(robot.arm_joints)]
        posture = {**robot.posture, **({robot.lift_joint: situation.lift} if robot.lift_joint else {})}
        joints = [*situation.joints, *posture.values(), *[0.5 * situation.opening] * 2]
        self._bodies.show(Snapshot(np.array(joints), situation.block_positions, situation.block_quaternions))
        names = {body: f"block {name}" for body, name in zip(self._bodies.blocks, situation.block_names, strict=True)}
        bodies = [
            pybullet.getBodyUniqueId(index, physicsClientId=self._client)
            for index in range(pybullet.getNumBodies(physicsClientId=self._client))
        ]
        self._things = {body: names.get(body, "the table or the floor") for body in bodies if body != self._arm}
        infos = [
            pybullet.getJointInfo(self._arm, joint, physicsClientId=self._client)
            for joint in range(pybullet.getNumJoints(self._arm, physicsClientId=self._client))
        ]
        self._links = {-1: "the robot's base"} | {info[0]: info[12].decode() for info in infos}
        self._moving = {self._joints[0]}  # the links that the arm's joints move; a parent comes before its children
        for info in infos:
            if info[16] in self._moving:
                self._moving.add(info[0])
        self._pairs = [
            (link, other) for link in self._moving for other in self._links if other not in self._moving or other < link
        ]
        self._pairs = self._without_neighbours(robot)

    @property
    def links(self) -> Collection[str]:
        """Names of the robot's links."""
        return self._links.values()

    def close(self) -> None:
        """Disconnect from PyBullet. Nothing else may be called afterwards."""
        self._bodies.close()

    def gaps(self, joints: FloatArray) -> dict[Pair, float]:
        """Metres between all that would be nearer than ``MARGIN`` with the arm at ``joints`` ``[J]`` (radians).

        Below 0 they overlap.
        """
        self._put(joints)
        gaps: dict[Pair, float] = {}
        for body, thing in self._things.items():
            for point in pybullet.getClosestPoints(self._arm, body, MARGIN, physicsClientId=self._client):
                if point[3] in self._moving:
                    pair = self._links[point[3]], thing
                    gaps[pair] = min(float(point[8]), gaps.get(pair, MARGIN))
        for link, other in self._pairs:
            if (gap := self._gap(link, other)) < MARGIN:
                gaps[self._links[link], self._links[other]] = gap
        return gaps

    def obstacle(self, joints: FloatArray, near: Mapping[Pair, float]) -> Pair | None:
        """What would be too near with the arm at ``joints`` ``[J]`` (radians); None: nothing.

        Args:
            joints: of the arm.
            near: what may be nearer than ``MARGIN``, and how near, metres.
        """
        for pair, gap in self.gaps(joints).items():
            if gap < near.get(pair, MARGIN):
                return pair
        return None

    def obstacle_between(self, start: FloatArray, end: FloatArray, near: Mapping[Pair, float]) -> Pair | None:
        """The same of all poses on the straight line from ``start`` to ``end`` ``[J]``, radians."""
        steps = max(1, int(np.ceil(np.abs(end - start).sum() / STEP)))
        for share in np.linspace(0.0, 1.0, steps + 1):
            if pair := self.obstacle(start + share * (end - start), near):
                return pair
        return None

    def _put(self, joints: FloatArray) -> None:
        for joint, position in zip(self._joints, joints, strict=True):
            pybullet.resetJointState(self._arm, joint, position, physicsClientId=self._client)

    def _gap(self, link: int, other: int) -> float:
        points = pybullet.getClosestPoints(
            self._arm, self._arm, MARGIN, linkIndexA=link, linkIndexB=other, physicsClientId=self._client
        )
        return min((float(point[8]) for point in points), default=MARGIN)

    def _without_neighbours(self, robot: Robot) -> list[tuple[int, int]]:
        """The pairs of links that are not near each other whatever the arm does."""
        rng = np.random.default_rng(0)
        lower, upper = np.maximum(robot.lower, -np.pi), np.minimum(robot.upper, np.pi)
        neighbours = set(self._pairs)
        for _ in range(POSTURES):
            self._put(rng.uniform(lower, upper))
            neighbours = {pair for pair in neighbours if self._gap(*pair) < MARGIN}
        return [pair for pair in self._pairs if pair not in neighbours]
