"""What Gazebo is told agrees with the robot and the scene, and its own tools find it valid where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from osil.errors import ConfigError
from osil.gazebo.controlled_urdf import controlled_urdf
from osil.gazebo.parameters import CONTROLLERS, bridge_entries, controller_parameters
from osil.gazebo.world import world_sdf
from osil.robots.robot import Robot, load_robot
from osil.robots.urdf import read_joints
from osil.tasks.blocks import Blocks
from osil.worlds.bullet_scene import Physics

PHYSICS = Physics(blocks=Blocks(0.05))
NAMES = "abcd"


@pytest.fixture(params=["fetch", "ur5e"])
def robot(request: pytest.FixtureRequest) -> Robot:
    if request.param != "fetch":
        pytest.importorskip("pinocchio", reason="the extra arms is not installed")
    return load_robot(request.param)


def tool() -> str:
    """Gazebo's command line."""
    found = shutil.which("gz") or shutil.which("ign")
    if found is None:
        pytest.skip("neither gz nor ign is installed")
    return found


def test_the_blocks_lie_where_the_scene_has_them(robot: Robot) -> None:
    scene = robot.table.random_scene(len(NAMES), np.random.default_rng(0), PHYSICS.blocks)
    world = ElementTree.fromstring(world_sdf(robot, scene, NAMES, PHYSICS)).find("world")
    models = {model.attrib["name"]: model for model in world.findall("model")}
    for index, name in enumerate(NAMES):
        *position, roll, pitch, yaw = (float(word) for word in models[name].findtext("pose").split())
        np.testing.assert_allclose(position, scene.block_positions[index], atol=1e-6)
        np.testing.assert_allclose([roll, pitch, yaw], [0.0, 0.0, scene.block_yaws[index]], atol=1e-6)
        size = [float(word) for word in models[name].findtext("link/collision/geometry/box/size").split()]
        assert size == [0.05] * 3
        assert models[name].findtext("static") == "false"
    assert all(model.findtext("static") == "true" for name, model in models.items() if name not in NAMES)


def test_every_joint_can_be_commanded_and_begins_in_the_ready_pose(robot: Robot, tmp_path: Path) -> None:
    urdf = tmp_path / "robot.urdf"
    urdf.write_text(controlled_urdf(robot, tmp_path / "controllers.yaml", PHYSICS))
    assert read_joints(robot.urdf).items() <= read_joints(urdf).items(), "the robot is the same"
    joints = ElementTree.parse(urdf).findall("ros2_control/joint")
    assert tuple(joint.attrib["name"] for joint in joints) == robot.all_joints
    begins = [float(joint.findtext("state_interface[@name='position']/param")) for joint in joints]
    np.testing.assert_allclose(begins[: len(robot.arm_joints)], robot.ready(), atol=1e-5)
    assert sum(begins[-2:]) == pytest.approx(robot.gripper.opening, abs=1e-5)
    for joint in joints:
        assert joint.find("command_interface").attrib["name"] == "position"


def test_the_controllers_move_the_arm_and_the_fingers(robot: Robot) -> None:
    parameters = controller_parameters(robot)
    assert set(CONTROLLERS) < set(parameters["controller_manager"]["ros__parameters"])
    assert parameters["arm_controller"]["ros__parameters"]["joints"] == list(robot.arm_joints)
    assert parameters["gripper_controller"]["ros__parameters"]["joints"] == list(robot.gripper.joints)


def test_each_block_is_bridged() -> None:
    clock, *blocks = bridge_entries(NAMES)
    assert clock["ros_topic_name"] == "clock"
    assert [entry["gz_topic_name"] for entry in blocks] == [f"/model/{name}/pose" for name in NAMES]


def test_a_robot_with_meshes_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pinocchio", reason="the extra arms is not installed")
    with pytest.raises(ConfigError, match=r"panda.*has meshes"):
        controlled_urdf(load_robot("panda"), tmp_path, PHYSICS)


def test_gazebo_finds_world_and_robot_valid(robot: Robot, tmp_path: Path) -> None:
    gz = tool()
    scene = robot.table.random_scene(len(NAMES), np.random.default_rng(0), PHYSICS.blocks)
    world, urdf = tmp_path / "world.sdf", tmp_path / "robot.urdf"
    world.write_text(world_sdf(robot, scene, NAMES, PHYSICS))
    urdf.write_text(controlled_urdf(robot, tmp_path / "controllers.yaml", PHYSICS))
    checked = subprocess.run([gz, "sdf", "-k", str(world)], capture_output=True, text=True, check=False)
    assert "Valid" in checked.stdout, checked.stdout + checked.stderr
    converted = subprocess.run([gz, "sdf", "-p", str(urdf)], capture_output=True, text=True, check=True).stdout
    model = ElementTree.fromstring(converted).find("model")
    joints = {joint.attrib["name"]: joint for joint in model.findall("joint")}
    assert set(robot.all_joints) <= set(joints)
    assert joints["world_joint"].findtext("parent") == "world"
    assert model.find("plugin[@name='gz_ros2_control::GazeboSimROS2ControlPlugin']") is not None
