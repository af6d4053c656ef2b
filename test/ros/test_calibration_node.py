"""A camera is calibrated as an operator does it: grasp, let go, drive away, again; and then it is where it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, JointState
from std_srvs.srv import Trigger

from osil.core import FloatArray
from osil.resources import resource_path
from osil.robots.joint_history import SPAN
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.ros import convert, images, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.settings import from_yaml
from osil.tasks.blocks import NOMINAL
from osil.tracking.camera import CameraPose
from osil.tracking.tags import TagSet
from osil.worlds.snapshot import Snapshot
from osil.worlds.tag_camera import TagCamera

from .spinning import SpinningNode

FETCH = load_robot("fetch")
TAGS = from_yaml(TagSet, resource_path("config", "tags.yaml"))
POSE = from_yaml(CameraPose, resource_path("config", "camera_pose.yaml"))
AWAY = np.array([0.6, 0.0, FETCH.table.height + 0.3])
PLACES = np.array([[0.55, -0.3, 0.42], [0.68, -0.1, 0.46], [0.55, 0.05, 0.42], [0.65, 0.3, 0.42], [0.5, 0.3, 0.5]])
"""Centres of the block, on the table and higher, as on other blocks."""


class Cell(SpinningNode):
    """A hand, a block and a camera, which are where they are put."""

    def __init__(self) -> None:
        super().__init__("cell")
        self._camera = TagCamera(FETCH, 1, TAGS, POSE)
        self._joint_states = self.create_publisher(JointState, topics.JOINT_STATES, 1)
        self._info = self.create_publisher(CameraInfo, topics.CAMERA_INFO, 1)
        self._image = self.create_publisher(CompressedImage, images.TRANSPORTS["compressed"][1], 1)
        self.put(AWAY, PLACES[0], FETCH.gripper.opening)
        self.create_timer(0.02, self._tell_joints)
        self.create_timer(0.2, self._look)
        self.spin()

    def put(self, hand: FloatArray, block: FloatArray, opening: float) -> None:
        """Grasp centre and block to these places ``[3]``, metres, and the fingers so far apart."""
        arm = FETCH.kinematics.inverse(GripperPose(hand, np.array(0.2)), FETCH.home, FETCH.lift)
        self._joints = np.concatenate([arm, list(FETCH.posture.values()), [0.5 * opening] * 2])
        self._picture = self._camera.picture(Snapshot(self._joints, block[None], np.array([[0.0, 0.0, 0.0998, 0.995]])))
        self._silent_until = time.monotonic() + 1.2 * SPAN  # for a hand that was not seen to move, this is no jump

    def _tell_joints(self) -> None:
        if time.monotonic() > self._silent_until:
            now, rest = self.get_clock().now().nanoseconds, np.zeros(len(self._joints))
            self._joint_states.publish(convert.from_joints(FETCH.all_joints, self._joints, rest, rest, now))

    def _look(self) -> None:
        now = self.get_clock().now().nanoseconds
        self._info.publish(images.from_intrinsics(self._camera.camera.intrinsics, now))
        self._image.publish(images.from_picture(self._picture, now, "compressed"))


@pytest.fixture
def cell(ros: None) -> Iterator[Cell]:
    cell = Cell()
    yield cell
    cell.close()


@pytest.fixture
def output(processes: NodeProcesses, folder: Path) -> Path:
    """What the running node shall write."""
    output = folder / "camera_pose.yaml"
    processes.start("calibration", {"use_sim_time": False, "output": str(output)})
    return output


def ask(client: Client, service: str) -> Trigger.Response:
    return client.call(f"calibration/{service}", Trigger)


def sample(client: Client) -> str:
    """As soon as the node has seen where the hand is now."""
    deadline = time.monotonic() + 60.0
    while not (answer := ask(client, "sample")).success:
        assert time.monotonic() < deadline, answer.message
    return answer.message


def counted(client: Client, count: int) -> None:
    """Wait until so many places count."""
    deadline = time.monotonic() + 60.0
    while f"got {count};" not in (answer := ask(client, "save")).message and not answer.success:
        assert time.monotonic() < deadline, answer.message


def test_touching_calibrates(cell: Cell, output: Path, client: Client) -> None:
    for count, place in enumerate(PLACES, start=1):
        cell.put(place, place, NOMINAL.size)
        assert "tag touched" in sample(client)
        assert not output.exists() or count > 4
        cell.put(AWAY, place, FETCH.gripper.opening)
        counted(client, count)
    saved = ask(client, "save")
    assert saved.success, saved.message
    found = from_yaml(CameraPose, output)
    assert found.residual_mm < 1.0
    assert np.allclose(found.translation, POSE.translation, atol=0.01)
    assert np.allclose(found.rotation, POSE.rotation, atol=0.01)
    cell.put(PLACES[0], PLACES[0], FETCH.gripper.opening)
    deadline = time.monotonic() + 60.0
    while "expected them closed" not in (answer := ask(client, "sample")).message:
        assert not answer.success
        assert time.monotonic() < deadline, answer.message
