"""Block stacking in which blocks are seen through a camera alone: tags are drawn, found, and made into poses."""

from __future__ import annotations

import numpy as np

from osil.core import CONTROL_PERIOD, Action, FloatArray, Observation, Scene
from osil.errors import ObservationError
from osil.robots.kinematics import GripperPose
from osil.robots.sensing import observe
from osil.tracking.camera import CameraPose
from osil.tracking.tags import TagFinder, TagSet
from osil.tracking.tracker import BlockTracker
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.tag_camera import TagCamera


class CameraWorld:
    """A PyBullet world, without leading dimensions, with a camera in front of it. Of the blocks nothing else is told.

    Attributes:
        tracker: what is believed of the blocks.
        camera: what is known of the camera.
        picture: the newest, ``[height, width, 3]``, RGB.
    """

    def __init__(self, world: PyBulletWorld, tags: TagSet, pose: CameraPose, period: int) -> None:
        """``period``: control periods from one picture to the next."""
        self.robot, self.blocks = world.robot, world.blocks
        self._world, self._tags, self._period = world, tags, period
        self._finder = TagFinder(tags)
        count = world.simulation.num_blocks
        self._names = list(tags.first(count).values())
        self._drawn = TagCamera(self.robot, count, tags, pose, self.blocks)
        self.camera = self._drawn.camera

    def close(self) -> None:
        """End physics and camera."""
        self._world.close()
        self._drawn.close()

    def reset(self, scene: Scene) -> Observation:
        """See ``PyBulletWorld.reset``. Raises ObservationError, too, if a block is out of sight from the start."""
        self._world.reset(scene)
        self._steps, self._hand = 0, self._measured()
        self.tracker = BlockTracker(self._tags, self.blocks, self.robot.table.height)
        self._look()
        return self.observe()

    def step(self, action: Action) -> Observation:
        """Act for one control period."""
        self._world.step(action)
        before, self._hand = self._hand, self._measured()
        self._steps += 1
        self.tracker.carry(
            CONTROL_PERIOD,
            GripperPose.stack([before[0], self._hand[0]]),
            np.array([before[1], self._hand[1]]),
        )
        if self._steps % self._period == 0:
            self._look()
        return self.observe()

    def observe(self) -> Observation:
        """What is believed of the blocks, seen from the measured gripper."""
        if missing := [name for name in self._names if name not in self.tracker.blocks]:
            raise ObservationError(f"blocks {', '.join(missing)} have never been in sight of the camera")
        believed = [self.tracker.blocks[name] for name in self._names]
        positions, yaws = np.stack([one.position for one in believed]), np.array([one.yaw for one in believed])
        return observe(positions, yaws, *self._hand)

    @property
    def scene(self) -> Scene:
        """Where the blocks really are."""
        return self._world.scene

    def move_block(self, block: int, position: FloatArray) -> None:
        """See ``PyBulletWorld.move_block``."""
        self._world.move_block(block, position)

    def _measured(self) -> tuple[GripperPose, float]:
        """Pose of the gripper, and the distance between the pads in metres."""
        joints = self._world.joint_positions()
        arm, fingers = joints[: len(self.robot.arm_joints)], joints[-2:]
        return self.robot.kinematics.forward(arm, self.robot.lift), float(fingers.sum())

    def _look(self) -> None:
        self.picture = self._drawn.picture(self._world.snapshot())
        self.tracker.see(self._finder.find(self.picture), self.camera)
