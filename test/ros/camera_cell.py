"""A hand, blocks and a camera for nodes under test, which are where they are put."""

from __future__ import annotations

import time

import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, JointState

from osil.core import FloatArray
from osil.resources import resource_path
from osil.robots.joint_history import SPAN
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.ros import convert, images, topics
from osil.settings import from_yaml
from osil.tracking.camera import CameraPose
from osil.tracking.tags import TagSet
from osil.worlds.snapshot import Snapshot
from osil.worlds.tag_camera import TagCamera

from .spinning import SpinningNode

FETCH = load_robot("fetch")
TAGS = from_yaml(TagSet, resource_path("config", "tags.yaml"))
POSE = from_yaml(CameraPose, resource_path("config", "camera_pose.yaml"))
TURN = 0.2
"""Of all blocks about z, radians."""

JOINT_PERIOD, PICTURE_PERIOD = 0.02, 0.05


class CameraCell(SpinningNode):
    """Publishes joint states and pictures by the clock of this machine.

    Attributes:
        dark: True: no pictures come but those that ``show`` is told to.
        intrinsics: what is told of the camera.
    """

    def __init__(self, hand: FloatArray, blocks: FloatArray) -> None:
        """As in ``put``."""
        super().__init__("cell")
        self.dark = False
        self._camera = TagCamera(FETCH, len(blocks), TAGS, POSE)
        self.intrinsics = self._camera.camera.intrinsics
        self._joint_states = self.create_publisher(JointState, topics.JOINT_STATES, 1)
        self._info = self.create_publisher(CameraInfo, topics.CAMERA_INFO, 1)
        self._image = self.create_publisher(CompressedImage, images.TRANSPORTS["compressed"][1], 1)
        self._joints, self._silent_until = np.zeros(0), 0.0
        self.put(hand, blocks)
        self.create_timer(JOINT_PERIOD, self._tell_joints)
        self.create_timer(PICTURE_PERIOD, self._look)
        self.spin()

    def put(self, hand: FloatArray, blocks: FloatArray, opening: float = FETCH.gripper.opening) -> None:
        """The grasp centre to ``hand`` ``[3]``, blocks to ``[B, 3]``, metres, and the fingers so far apart."""
        arm = FETCH.kinematics.inverse(GripperPose(hand, np.array(TURN)), FETCH.home, FETCH.lift)
        joints = np.concatenate([arm, list(FETCH.posture.values()), [0.5 * opening] * 2])
        if not np.array_equal(joints, self._joints):  # a hand that nobody saw move has not jumped
            self._silent_until = time.monotonic() + 1.2 * SPAN
        self._joints = joints
        turns = np.tile([0.0, 0.0, np.sin(0.5 * TURN), np.cos(0.5 * TURN)], (len(blocks), 1))
        picture = self._camera.picture(Snapshot(self._joints, blocks, turns))
        self._message = images.from_picture(picture, 0, "compressed")

    def _tell_joints(self) -> None:
        if time.monotonic() > self._silent_until:
            now, rest = self.get_clock().now().nanoseconds, np.zeros(len(self._joints))
            self._joint_states.publish(convert.from_joints(FETCH.all_joints, self._joints, rest, rest, now))

    def _look(self) -> None:
        if not self.dark:
            self.show(self.get_clock().now().nanoseconds)

    def show(self, stamp: int) -> None:
        """Publish the picture with this stamp, nanoseconds."""
        self._info.publish(images.from_intrinsics(self.intrinsics, stamp))
        message = self._message
        message.header.stamp = convert.to_stamp(stamp)
        self._image.publish(message)
