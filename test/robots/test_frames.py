"""The frames that ROS tools are told: all links, where PyBullet and the kinematics have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from transforms3d.axangles import axangle2mat
from transforms3d.quaternions import quat2mat

from osil.errors import ConfigError
from osil.resources import resource_path
from osil.robots.description import robot_description
from osil.robots.frames import BASE_FRAME, GRIPPER_FRAME, Frame, LinkFrames
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot, load_robot
from osil.robots.urdf import parse_joints
from osil.worlds.bullet import pybullet

FINGERS_OF_PANDA = ["panda_leftfinger", "panda_rightfinger"]
ARMS = sorted(path.stem for path in resource_path("config", "robots").glob("*.yaml"))


@pytest.fixture(params=ARMS)
def robot(request: pytest.FixtureRequest) -> Robot:
    if request.param != "fetch":
        pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    return load_robot(request.param)


def frames_of(description: str, positions: Mapping[str, float]) -> list[Frame]:
    frames = LinkFrames(parse_joints(description, "the description"))
    return [*frames.fixed, *frames.moving(positions)]


def placed(frames: list[Frame]) -> dict[str, np.ndarray]:
    """Each frame in the base frame, as a matrix ``[4, 4]``."""
    places, waiting = {BASE_FRAME: np.eye(4)}, list(frames)
    while waiting:
        ready = [frame for frame in waiting if frame.parent in places]
        assert ready, f"no way from the base to {[frame.child for frame in waiting]}"
        for frame in ready:
            step = np.eye(4)
            step[:3, :3], step[:3, 3] = quat2mat(np.roll(frame.quaternion, 1)), frame.position
            places[frame.child] = places[frame.parent] @ step
            waiting.remove(frame)
    return places


def positions_of(robot: Robot, rng: np.random.Generator) -> dict[str, float]:
    """Joint positions anywhere within the limits, the fingers evenly as the gripper closes them."""
    lower, upper = np.maximum(robot.lower, -np.pi), np.minimum(robot.upper, np.pi)
    fingers = rng.uniform(0.0, robot.gripper.travel)
    return {
        **dict(zip(robot.arm_joints, rng.uniform(lower, upper), strict=True)),
        **{name: position + rng.uniform(0.0, 0.1) for name, position in robot.posture.items()},
        **dict.fromkeys(robot.gripper.joints, fingers),
    }


def test_every_link_is_where_pybullet_has_it(robot: Robot, tmp_path: Path) -> None:
    positions = positions_of(robot, np.random.default_rng(0))
    description = robot_description(robot)
    (tmp_path / "described.urdf").write_text(description.replace("file://", ""))
    client = pybullet.connect(pybullet.DIRECT)
    try:
        body = pybullet.loadURDF(str(tmp_path / "described.urdf"), useFixedBase=True, physicsClientId=client)
        expected = {pybullet.getBodyInfo(body, client)[0].decode(): (np.zeros(3), np.eye(3))}
        joints = [pybullet.getJointInfo(body, i, client) for i in range(pybullet.getNumJoints(body, client))]
        for index, name in ((joint[0], joint[1].decode()) for joint in joints):
            pybullet.resetJointState(body, index, positions.get(name, 0.0), physicsClientId=client)
        for joint in joints:
            state = pybullet.getLinkState(body, joint[0], computeForwardKinematics=True, physicsClientId=client)
            turned = np.reshape(pybullet.getMatrixFromQuaternion(state[5]), (3, 3))
            expected[joint[12].decode()] = np.array(state[4]), turned
    finally:
        pybullet.disconnect(client)
    places = placed(frames_of(description, positions))
    assert set(places) == {link.attrib["name"] for link in ElementTree.fromstring(description).findall("link")}
    assert places.keys() == expected.keys()
    for link, (position, turned) in expected.items():
        np.testing.assert_allclose(places[link][:3, 3], position, atol=1e-5, err_msg=link)
        np.testing.assert_allclose(places[link][:3, :3], turned, atol=1e-5, err_msg=link)


def test_the_gripper_is_where_the_kinematics_have_it(robot: Robot) -> None:
    rng, description = np.random.default_rng(1), robot_description(robot)
    x, y, height = robot.start.middle
    for _ in range(10):
        asked = GripperPose(np.array([x, y, robot.table.height + height]), np.array(rng.uniform(-0.5, 0.5)))
        joints = robot.kinematics.inverse(asked, robot.home, robot.lift)
        positions = {**robot.posture, **dict(zip(robot.arm_joints, joints, strict=True))}
        place = placed(frames_of(description, positions))[GRIPPER_FRAME]
        np.testing.assert_allclose(place[:3, 3], asked.position, atol=1e-5)
        np.testing.assert_allclose(place[:3, :3], axangle2mat((0.0, 0.0, 1.0), float(asked.yaw)), atol=1e-4)


def test_a_finger_that_mimics_the_other_need_not_be_reported() -> None:
    pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    panda = load_robot("panda")
    first, second = panda.gripper.joints
    frames = LinkFrames(parse_joints(robot_description(panda), "the description"))
    reported, alone = frames.moving({first: 0.03, second: 0.03}), frames.moving({first: 0.03})
    assert [frame.child for frame in alone] == [frame.child for frame in reported] == FINGERS_OF_PANDA
    for one, other in zip(alone, reported, strict=True):
        np.testing.assert_array_equal(one.position, other.position)


def test_a_viewer_finds_the_meshes() -> None:
    pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    meshes = [
        mesh.attrib["filename"] for mesh in ElementTree.fromstring(robot_description(load_robot("panda"))).iter("mesh")
    ]
    assert meshes
    assert all(Path(mesh.removeprefix("file://")).is_file() and mesh.startswith("file:///") for mesh in meshes)


def test_a_link_that_has_the_name_of_one_of_our_frames_is_refused(robot: Robot, tmp_path: Path) -> None:
    (tmp_path / "taken.urdf").write_text(robot_description(robot))
    with pytest.raises(ConfigError, match="is not the frame of this name"):
        robot_description(replace(robot, urdf=tmp_path / "taken.urdf"))
