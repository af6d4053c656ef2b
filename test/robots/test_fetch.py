"""Kinematics and guards of the arm: what must hold over the whole workspace."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from osil.core import CONTROL_PERIOD
from osil.errors import ObservationError
from osil.resources import resource_path
from osil.robots.controller import ArmController
from osil.robots.kinematics import GripperPose, unwrapped
from osil.robots.limits import leash, slew
from osil.robots.robot import load_robot

FETCH = load_robot("fetch")

TABLE = FETCH.table.height
LIMITS = FETCH.limits
HOME = GripperPose(np.array([0.60, 0.0, TABLE + 0.25]), np.array(0.0))


def points(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return FETCH.clip_to_reach(rng.uniform([0.1, -0.8, 0.2], [1.0, 0.8, 1.2], (count, 3)))


def test_inverse_is_exact_and_within_joint_limits() -> None:
    position = points(20_000)
    yaw = np.random.default_rng(1).uniform(-np.pi, np.pi, len(position))
    joints = FETCH.kinematics.inverse(GripperPose(position, yaw), FETCH.home, FETCH.lift)
    assert (joints >= FETCH.lower).all()
    assert (joints <= FETCH.upper).all()
    found = FETCH.kinematics.forward(joints, FETCH.lift)
    np.testing.assert_allclose(found.position, position, atol=1e-12)
    np.testing.assert_allclose(np.cos(found.yaw - yaw), 1.0, atol=1e-12)


def test_the_orientation_tells_yaw_and_tilt() -> None:
    joints = np.random.default_rng(4).uniform(-1.0, 1.0, (1000, 7))
    axes, kinematics = FETCH.kinematics.orientation(joints), FETCH.kinematics
    np.testing.assert_allclose(np.swapaxes(axes, -1, -2) @ axes, np.broadcast_to(np.eye(3), axes.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1.0)
    np.testing.assert_allclose(np.arccos(axes[..., 2, 2]), kinematics.tilt(joints))
    yaw = kinematics.forward(joints, FETCH.lift).yaw
    np.testing.assert_allclose(np.cos(np.arctan2(-axes[..., 0, 1], axes[..., 1, 1]) - yaw), 1.0)


def test_every_place_for_a_block_is_reached_at_every_height_of_a_tower() -> None:
    table = FETCH.table
    scene = table.random_scene(6, np.random.default_rng(2))
    radius = np.hypot(scene.block_positions[:, 0] - table.centre_x, scene.block_positions[:, 1])
    for level in range(9):
        inner, outer = FETCH.kinematics.reach(np.array(TABLE + 0.02 + 0.04 * level + 0.04), FETCH.lift)
        assert (inner <= radius).all()
        assert (radius <= outer).all()


def test_clipping_to_reach_keeps_height_and_direction_and_changes_nothing_within() -> None:
    inside = points(1000)
    np.testing.assert_allclose(FETCH.clip_to_reach(inside), inside, atol=1e-12)
    near = np.array([0.25, 0.10, TABLE + 0.3])
    slid = FETCH.clip_to_reach(near)
    assert slid[2] == near[2]
    assert np.arctan2(slid[1], slid[0] - FETCH.kinematics.axis[0]) == pytest.approx(
        np.arctan2(near[1], near[0] - FETCH.kinematics.axis[0])
    )
    low = FETCH.clip_to_reach(np.array([0.6, 0.0, 0.1]))
    assert low[2] - FETCH.gripper.tip >= TABLE + 0.002


def test_slew_bounds_each_step_and_its_change_in_a_batch() -> None:
    rng = np.random.default_rng(3)
    previous = np.zeros((50, 3))
    for _ in range(20):
        following = slew(rng.normal(0.0, 0.1, (50, 3)), previous, LIMITS)
        assert (np.linalg.norm(following, axis=-1) <= LIMITS.max_step + 1e-12).all()
        assert (np.linalg.norm(following - previous, axis=-1) <= LIMITS.max_slew + 1e-12).all()
        previous = following


def test_leash_pulls_only_what_is_too_far() -> None:
    measured = np.zeros((2, 3))
    pulled = leash(np.array([[0.1, 0.0, 0.0], [0.004, 0.0, 0.0]]), measured, 0.006)
    np.testing.assert_allclose(pulled, [[0.006, 0.0, 0.0], [0.004, 0.0, 0.0]])


def following(controller: ArmController, displacement: np.ndarray, yaw_step: float, steps: int) -> np.ndarray:
    """Joint targets ``[steps + 1, 7]`` of an arm that follows perfectly."""
    joints = FETCH.kinematics.inverse(HOME, FETCH.home, FETCH.lift)
    controller.reset(joints)
    path = [joints]
    for _ in range(steps):
        path.append(controller.step(displacement, yaw_step, path[-1]))
    return np.array(path)


def test_controller_goes_where_it_is_told() -> None:
    path = following(ArmController(FETCH), np.array([0.005, 0.01, -0.002]), 0.0, 20)
    moved = FETCH.kinematics.forward(path[-1], FETCH.lift).position - HOME.position
    np.testing.assert_allclose(moved, 20 * np.array([0.005, 0.01, -0.002]), atol=1e-3)
    assert FETCH.kinematics.forward(path[-1], FETCH.lift).yaw == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("direction", [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])
def test_joint_limits_and_speeds_hold_whatever_is_asked(direction: tuple[int, int, int]) -> None:
    path = following(ArmController(FETCH), 10.0 * np.array(direction), 3.0, 100)
    assert (path >= FETCH.lower).all()
    assert (path <= FETCH.upper).all()
    assert (np.abs(np.diff(path, axis=0)) <= FETCH.speed * CONTROL_PERIOD + 1e-9).all()
    last = FETCH.kinematics.forward(path[-1], FETCH.lift).position
    np.testing.assert_allclose(FETCH.clip_to_reach(last), last, atol=2e-3)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_joint_at_its_limit_that_stays_there_holds_up_no_other(side: str) -> None:
    joints = FETCH.kinematics.inverse(HOME, FETCH.home, FETCH.lift)
    limits = np.where(np.arange(7) == 5, joints, getattr(FETCH, side))
    path = following(ArmController(replace(FETCH, **{side: limits})), np.zeros(3), 0.05, 20)
    assert abs(path[-1, 6] - path[0, 6]) > 0.5, "the wrist is at its limit, and the hand turns"


@pytest.mark.parametrize("torso", [0.10, 0.15, 0.20, 0.214, 0.25])
@pytest.mark.parametrize("table", [0.30, 0.40])
def test_finger_tips_stay_above_the_table_at_any_height_of_the_torso(torso: float, table: float) -> None:
    controller = ArmController(FETCH, table)
    joints = FETCH.kinematics.inverse(
        GripperPose(np.array([0.60, 0.0, table + 0.10]), np.array(0.0)), FETCH.home, torso
    )
    controller.reset(joints)
    lowest = np.inf
    for _ in range(60):
        joints = controller.step(np.array([0.0, 0.0, -0.02]), 0.0, joints, torso)
        lowest = min(lowest, float(FETCH.kinematics.forward(joints, torso).position[2]) - FETCH.gripper.tip)
    assert table + 0.002 < lowest < table + 0.01, "down to the table, and no further"


def test_a_faster_stream_of_commands_does_not_make_the_arm_faster() -> None:
    controller, joints = ArmController(FETCH), FETCH.kinematics.inverse(HOME, FETCH.home, FETCH.lift)
    controller.reset(joints)
    for index in range(80):
        seconds = CONTROL_PERIOD * (0.5, 0.7, 1.0)[index % 3]
        before, joints = joints, controller.step(np.array([0.0, 1.0, 1.0]), 3.0, joints, seconds=seconds)
        assert (np.abs(joints - before) <= FETCH.speed * seconds + 1e-9).all()
        travel = np.linalg.norm(
            FETCH.kinematics.forward(joints, FETCH.lift).position
            - FETCH.kinematics.forward(before, FETCH.lift).position
        )
        assert travel <= (LIMITS.max_step + 1e-3) * seconds / CONTROL_PERIOD


def test_a_continuous_joint_counts_on_when_its_reading_wraps_and_only_then() -> None:
    reference = np.array([0.1, 0.2, 3.1, 0.4, -9.4, 0.6, 3.3])
    wrapped = reference - 2 * np.pi * np.array([0, 0, 1, 0, -2, 0, 1])
    np.testing.assert_allclose(unwrapped(wrapped, reference, FETCH.continuous), reference, atol=1e-12)
    moved = reference + np.array([9.0, -9.0, 1.0, 9.0, -2.0, 9.0, 3.0])
    np.testing.assert_array_equal(unwrapped(moved, reference, FETCH.continuous), moved)


def test_rolls_that_are_a_turn_away_are_not_turned_back() -> None:
    controller, joints = ArmController(FETCH), FETCH.kinematics.inverse(HOME, FETCH.home, FETCH.lift)
    joints[[2, 4, 6]] += 2 * np.pi * np.array([1, -1, 2])
    controller.reset(joints)
    target = controller.step(np.array([0.01, 0.0, 0.0]), 0.0, joints)
    np.testing.assert_allclose(target[[2, 4, 6]], joints[[2, 4, 6]], atol=0.05)


def test_tilt_is_the_angle_of_the_hand_to_the_vertical() -> None:
    down = FETCH.kinematics.inverse(HOME, FETCH.home, FETCH.lift)
    assert FETCH.kinematics.tilt(down) == pytest.approx(0.0, abs=1e-6)
    assert FETCH.kinematics.tilt(down + np.eye(7)[5] * 0.3) == pytest.approx(0.3)
    assert FETCH.kinematics.tilt(np.zeros(7)) == pytest.approx(np.pi / 2), "all zeros: the arm is stretched out"


def test_input_that_is_not_a_number_means_hold() -> None:
    controller = ArmController(FETCH)
    path = following(controller, np.array([np.nan, 0.0, 0.0]), 0.0, 5)
    np.testing.assert_allclose(path, np.tile(path[0], (6, 1)), atol=1e-12)
    path = following(controller, np.array([0.01, 0.0, 0.0]), np.inf, 5)
    np.testing.assert_allclose(path, np.tile(path[0], (6, 1)), atol=1e-12)
    np.testing.assert_array_equal(controller.step(np.array([0.01, 0.0, 0.0]), 0.0, np.full(7, np.nan)), path[-1])


def test_set_point_stays_near_a_gripper_that_is_held_back() -> None:
    controller, stuck = ArmController(FETCH), FETCH.kinematics.inverse(HOME, FETCH.home, FETCH.lift)
    controller.reset(stuck)
    for _ in range(50):
        target = controller.step(np.array([0.0, 0.02, 0.0]), 0.0, stuck)
    lead = np.linalg.norm(FETCH.kinematics.forward(target, FETCH.lift).position - HOME.position)
    assert lead <= LIMITS.leash + 0.02 + 1e-9


def test_controller_refuses_to_move_an_arm_it_does_not_know() -> None:
    with pytest.raises(ObservationError, match="reset"):
        ArmController(FETCH).step(np.zeros(3), 0.0, np.zeros(7))
    with pytest.raises(ObservationError, match="7 finite numbers"):
        ArmController(FETCH).reset([0.0, np.nan])


def test_robot_description_is_one_tree_of_bodies_with_mass() -> None:
    robot = ElementTree.parse(resource_path("urdf", "fetch.urdf")).getroot()
    links = [link.attrib["name"] for link in robot.iter("link")]
    children = [joint.find("child").attrib["link"] for joint in robot.iter("joint")]
    parents = [joint.find("parent").attrib["link"] for joint in robot.iter("joint")]
    assert len(set(links)) == len(links)
    assert sorted([*children, "base_link"]) == sorted(links)
    assert set(parents) <= set(links)
    for link in robot.iter("link"):
        assert float(link.find("inertial/mass").attrib["value"]) > 0, link.attrib["name"]
        inertia = link.find("inertial/inertia").attrib
        xx, yy, zz = sorted(float(inertia[axis]) for axis in ("ixx", "iyy", "izz"))
        assert 0 < xx <= yy <= zz <= xx + yy, link.attrib["name"]
