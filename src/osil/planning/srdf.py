"""What MoveIt wants to know of a robot beyond its URDF: groups, the ready pose, and links that need no looking at.

``python -m osil.planning.srdf fetch > config/moveit/fetch.srdf`` makes the file anew.
"""

from __future__ import annotations

import sys
from itertools import combinations
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from osil.core import FloatArray
from osil.robots.robot import Robot, load_robot
from osil.robots.urdf import read_joints
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene

SAMPLES = 10_000
"""Random postures. Links that touch in none of them count as those that never do, as in MoveIt's own assistant."""

NEAR = 0.001
"""Metres. Links that come so near each other may touch."""

Pair = tuple[str, str]
"""Two links, in the order of the URDF."""


class Links:
    """The links of a robot that have shapes, in a physics of their own. Leaving the ``with`` block ends it.

    Attributes:
        names: in the order of the URDF.
        adjacent: those that a joint connects.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot, self._bodies = robot, BulletScene(robot, 0)
        self._client, self._arm = self._bodies.client, self._bodies.arm
        infos = [
            pybullet.getJointInfo(self._arm, joint, physicsClientId=self._client)
            for joint in range(pybullet.getNumJoints(self._arm, physicsClientId=self._client))
        ]
        base = pybullet.getBodyInfo(self._arm, physicsClientId=self._client)[0].decode()
        names = {-1: base} | {info[0]: info[12].decode() for info in infos}
        self._names = {
            link: name
            for link, name in names.items()
            if pybullet.getCollisionShapeData(self._arm, link, physicsClientId=self._client)
        }
        self.names = list(self._names.values())
        self.adjacent = {(names[info[16]], names[info[0]]) for info in infos}

    def __enter__(self) -> Links:
        return self

    def __exit__(self, *_: object) -> None:
        self._bodies.close()

    def at_ready(self) -> set[Pair]:
        """Which are in contact in the ready pose, as they were built."""
        robot = self._robot
        return self._touching(np.array([*robot.ready(), *robot.posture.values(), *[0.5 * robot.gripper.opening] * 2]))

    def contacts(self, samples: int, rng: np.random.Generator) -> dict[Pair, int]:
        """In how many random postures of all joints two links are in contact, if in any."""
        robot, limits = self._robot, read_joints(self._robot.urdf)
        lower, upper = np.array([(limits[name].lower, limits[name].upper) for name in robot.all_joints]).T
        lower, upper = np.maximum(lower, -np.pi), np.minimum(upper, np.pi)
        counts: dict[Pair, int] = {}
        for _ in range(samples):
            for pair in self._touching(rng.uniform(lower, upper)):
                counts[pair] = counts.get(pair, 0) + 1
        return counts

    def _touching(self, positions: FloatArray) -> set[Pair]:
        """Pairs in contact with all joints at ``positions`` ``[A]``, radians or metres."""
        for joint, position in zip(self._bodies.joints, positions, strict=True):
            pybullet.resetJointState(self._arm, joint, position, physicsClientId=self._client)
        points = pybullet.getClosestPoints(self._arm, self._arm, NEAR, physicsClientId=self._client)
        return {(self._names[point[3]], self._names[point[4]]) for point in points if point[3] < point[4]}


def srdf(robot: Robot, samples: int = SAMPLES) -> str:
    """The SRDF document: groups ``arm`` and ``gripper``, the state ``ready``, and the pairs that need no looking at."""
    root = Element("robot", name=robot.name)
    for group, joints in (("arm", robot.arm_joints), ("gripper", robot.gripper.joints)):
        entry = SubElement(root, "group", name=group)
        for joint in joints:
            SubElement(entry, "joint", name=joint)
    state = SubElement(root, "group_state", name="ready", group="arm")
    for joint, position in zip(robot.arm_joints, robot.ready(), strict=True):
        SubElement(state, "joint", name=joint, value=f"{position:.6f}")
    with Links(robot) as links:
        built_in, counts = links.at_ready(), links.contacts(samples, np.random.default_rng(0))
        for one, other in combinations(links.names, 2):
            if (one, other) in links.adjacent:
                why = "Adjacent"
            elif (one, other) in built_in:
                why = "Default"
            elif (one, other) not in counts:
                why = "Never"
            else:
                continue
            SubElement(root, "disable_collisions", link1=one, link2=other, reason=why)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


if __name__ == "__main__":
    print(srdf(load_robot(sys.argv[1])), end="")
