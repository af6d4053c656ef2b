"""Every arm in config/robots: it reaches what its table asks of it, and its controller keeps all its limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from osil.core import CONTROL_PERIOD
from osil.errors import ConfigError
from osil.resources import resource_path
from osil.robots.controller import ArmController
from osil.robots.kinematics import GripperPose
from osil.robots.robot import SPARE, Robot, load_robot
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks, grasp_height

ARMS = sorted(path.stem for path in resource_path("config", "robots").glob("*.yaml"))


@pytest.fixture(params=ARMS)
def robot(request: pytest.FixtureRequest) -> Robot:
    if request.param != "fetch":
        pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    return load_robot(request.param)


def ready(robot: Robot) -> np.ndarray:
    """Joints with the gripper over the middle of the table."""
    x, y, height = robot.start.middle
    above = GripperPose(np.array([x, y, robot.table.height + height]), np.array(0.0))
    return robot.kinematics.inverse(above, robot.home, robot.lift)


def test_every_place_on_the_table_is_reached_at_every_height_of_a_tower(robot: Robot) -> None:
    rng, near = np.random.default_rng(0), ready(robot)
    for _ in range(6):
        for position in robot.table.random_scene(6, rng).block_positions:
            height = position[2] + rng.uniform(0.0, 0.36)  # over a tower of eight
            pose = GripperPose(np.array([*position[:2], height]), np.array(rng.uniform(-0.8, 0.8)))
            np.testing.assert_allclose(robot.clip_to_reach(pose.position), pose.position, atol=1e-12)
            joints = robot.kinematics.inverse(pose, near, robot.lift)
            found = robot.kinematics.forward(joints, robot.lift)
            np.testing.assert_allclose(found.position, pose.position, atol=1e-5)
            assert np.cos(found.yaw - pose.yaw) == pytest.approx(1.0)
            assert robot.kinematics.tilt(joints) < 1e-4
            assert ((robot.lower <= joints) & (joints <= robot.upper)).all()


def test_a_path_of_poses_is_one_of_joints(robot: Robot) -> None:
    start = robot.kinematics.forward(ready(robot), robot.lift)
    along = np.linspace(0.0, 0.1, 20)
    path = GripperPose(start.position + along[:, None] * (0.5, 1.0, -0.5), start.yaw + along)
    joints = robot.kinematics.inverse(path, ready(robot), robot.lift)
    np.testing.assert_allclose(robot.kinematics.forward(joints, robot.lift).position, path.position, atol=1e-5)
    assert np.abs(np.diff(joints, axis=0)).max() < 0.05, "no joint jumps to another of its solutions"


def test_whatever_is_asked_joints_keep_to_limits_and_speeds(robot: Robot) -> None:
    rng, controller, joints = np.random.default_rng(1), ArmController(robot), ready(robot)
    controller.reset(joints)
    asked = np.zeros(4)
    for step in range(300):
        if step % 25 == 0:
            asked = rng.normal(0.0, [0.1, 0.1, 0.1, 0.2])
        targets = controller.step(asked[:3], float(asked[3]), joints)
        assert ((robot.lower <= targets) & (targets <= robot.upper)).all()
        assert (np.abs(targets - joints) <= robot.speed * CONTROL_PERIOD + 1e-9).all()
        tips = robot.kinematics.forward(targets, robot.lift).position[2] - robot.gripper.tip
        assert tips > robot.table.height
        joints = targets


def test_a_wrist_at_the_end_of_its_turn_is_turned_back_by_a_quarter(robot: Robot) -> None:
    controller, joints = ArmController(robot), ready(robot)
    controller.reset(joints)
    yaws, places = [], []
    for _ in range(200):
        joints = controller.step(np.zeros(3), 0.1, joints)
        gripper = robot.kinematics.forward(joints, robot.lift)
        yaws.append(float(gripper.yaw))
        places.append(gripper.position)
        assert ((robot.lower <= joints) & (joints <= robot.upper)).all()
    assert np.abs(np.diff(np.unwrap(yaws))).min() > 0.01, "the hand never stops turning"
    np.testing.assert_allclose(places, np.broadcast_to(places[0], (200, 3)), atol=1e-3)
    turned = np.unwrap(yaws)
    endless = np.isinf(robot.upper[-1])
    assert (np.ptp(turned) > 15.0) if endless else (np.diff(turned).min() < -0.05), "turned on, or turned back"


def test_fingers_stay_off_what_a_held_block_stands_on(robot: Robot) -> None:
    """How high a block is held is a rule for every hand, because a policy is not told of the hand."""
    for size in np.linspace(SMALLEST, LARGEST, 8):
        tip = grasp_height(size) + 0.5 * size - robot.gripper.tip
        assert tip >= robot.limits.floor_clearance


@pytest.mark.parametrize("joint", ["shoulder", "wrist"])
def test_a_shell_is_between_joints_of_the_arm(tmp_path: Path, joint: str) -> None:
    pytest.importorskip("pinocchio", reason="the extra 'arms' is not installed")
    values = yaml.safe_load(resource_path("config", "robots", "ur5e.yaml").read_text())
    values["urdf"] = str(resource_path("urdf", "ur5e.urdf"))
    path = tmp_path / "arm.yaml"
    path.write_text(yaml.safe_dump({**values, "shell": {**values["shell"], joint: "elbow"}}))
    with pytest.raises(ConfigError, match="expected joints of the arm, shoulder_pan_joint, .*; got elbow"):
        load_robot(str(path))


def test_a_hand_opens_only_as_wide_as_it_can(robot: Robot) -> None:
    for size in np.linspace(SMALLEST, LARGEST, 8):
        blocks = Blocks(size)
        if blocks.open_width + SPARE <= 2 * robot.gripper.travel:
            blocks.check_opening(robot.opened_for(blocks).gripper.opening)
            assert robot.opened_for(blocks).gripper.opening >= robot.gripper.opening
        else:
            with pytest.raises(ConfigError, match="opens .* m wide, and blocks of .* m need"):
                robot.opened_for(blocks)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arm_joints": ["shoulder_pan_joint", "elbow"]}, "joints elbow are not in"),
        ({"urdf": "../../urdf/nothing.urdf"}, "cannot read"),
        ({"urdf": "package://nowhere/arm.urdf"}, "package nowhere, which is not installed"),
        ({"kinematics": "guessed"}, "expected fetch, or pinocchio and a shell"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_by_name(tmp_path: Path, change: dict, reason: str) -> None:
    values = yaml.safe_load(resource_path("config", "robots", "fetch.yaml").read_text())
    values["urdf"] = str(resource_path("urdf", "fetch.urdf"))
    path = tmp_path / "arm.yaml"
    path.write_text(yaml.safe_dump({**values, **change}))
    with pytest.raises(ConfigError, match=reason):
        load_robot(str(path))


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="expected one of fetch, .*or the path of a .yaml file"):
        load_robot("roomba")
