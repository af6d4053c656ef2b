"""What is drawn is where the kinematics say that it is, for every robot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from transforms3d.quaternions import qmult, rotate_vector
from viser import ViserServer

from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.ros.page.guard import Guard
from osil.ros.page.robot_drawing import RobotDrawing

ROBOTS = sorted(path.stem for path in resource_path("config", "robots").glob("*.yaml"))


@pytest.fixture(scope="module")
def server() -> Iterator[ViserServer]:
    server = Guard(print).open("127.0.0.1", 0)
    yield server
    server.stop()


@pytest.mark.parametrize("name", ROBOTS)
def test_the_hand_is_drawn_where_the_gripper_is(server: ViserServer, name: str) -> None:
    robot = load_robot(name)
    server.scene.reset()
    drawing = RobotDrawing(server.scene, robot)
    rng = np.random.default_rng(0)
    for _ in range(5):
        joints = robot.home + rng.uniform(-0.3, 0.3, len(robot.arm_joints))
        drawing.show(dict(zip(robot.arm_joints, joints, strict=True)))
        position, wxyz = np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])
        (path,) = [path for path in server.scene._handle_from_node_name if path.endswith(f"/{robot.hand.link}")]
        links = path.split("/")
        for depth in range(2, len(links) + 1):
            frame = server.scene.get_handle_by_name("/".join(links[:depth]))
            position = position + rotate_vector(frame.position, wxyz)
            wxyz = qmult(wxyz, frame.wxyz)
        centre = position + rotate_vector(robot.hand.position, wxyz)
        np.testing.assert_allclose(centre, robot.kinematics.forward(joints, robot.lift).position, atol=1e-4)
