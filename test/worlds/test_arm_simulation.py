"""Joints go where they are told, evenly and in time; fingers close with the speed and the force that they have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from osil.core import CONTROL_PERIOD
from osil.errors import ObservationError, SceneError
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.tasks.blocks import NOMINAL
from osil.worlds.arm_simulation import PHYSICS_STEP, STEPS_PER_CONTROL, ArmSimulation
from osil.worlds.bullet import pybullet

FETCH = load_robot("fetch")

COUNT = len(FETCH.arm_joints)

BLOCK = np.array([0.6, 0.0, FETCH.table.height + NOMINAL.half])


@pytest.fixture
def simulation() -> Iterator[ArmSimulation]:
    """The open hand around a block on the table."""
    simulation = ArmSimulation(FETCH, 1)
    set_up(simulation)
    yield simulation
    simulation.close()


def set_up(simulation: ArmSimulation, above: float = 0.0) -> None:
    """The open hand around the block, or so far above it (metres)."""
    pose = GripperPose(BLOCK + np.array([0.0, 0.0, above]), np.array(0.0))
    joints = FETCH.kinematics.inverse(pose, FETCH.home, FETCH.lift)
    simulation.reset(joints, FETCH.gripper.opening, BLOCK[None], np.array([[0.0, 0.0, 0.0, 1.0]]))


def arm(simulation: ArmSimulation) -> np.ndarray:
    return simulation.joint_states().positions[:COUNT]


def opening(simulation: ArmSimulation) -> float:
    return float(simulation.joint_states().positions[-2:].sum())


def test_nothing_moves_that_was_not_told_to(simulation: ArmSimulation) -> None:
    before = simulation.joint_states().positions
    simulation.advance(10 * STEPS_PER_CONTROL)
    np.testing.assert_allclose(simulation.joint_states().positions, before, atol=2e-3)
    np.testing.assert_allclose(simulation.bodies.block_poses()[0], BLOCK[None], atol=1e-3)


@pytest.mark.parametrize("seconds", [CONTROL_PERIOD, 0.5])
def test_targets_are_reached_evenly_in_the_time_given(simulation: ArmSimulation, seconds: float) -> None:
    set_up(simulation, above=0.2)
    start, way = FETCH.kinematics.forward(arm(simulation), FETCH.lift), 0.2 * seconds * np.array([0.6, 0.8, 0.0])
    goal = GripperPose(start.position + way, start.yaw)
    simulation.command_arm(FETCH.kinematics.inverse(goal, FETCH.home, FETCH.lift), seconds)
    shares = []
    for _ in range(round(seconds / PHYSICS_STEP)):
        simulation.advance(1)
        moved = FETCH.kinematics.forward(arm(simulation), FETCH.lift).position - start.position
        shares.append(moved @ way / (way @ way))
    np.testing.assert_allclose(shares, np.linspace(0.0, 1.0, len(shares) + 1)[1:], atol=0.2)
    simulation.advance(STEPS_PER_CONTROL)
    np.testing.assert_allclose(FETCH.kinematics.forward(arm(simulation), FETCH.lift).position, goal.position, atol=1e-3)
    assert simulation.time == pytest.approx(seconds + CONTROL_PERIOD)


def test_fingers_close_at_their_speed_and_stop_at_a_block(simulation: ArmSimulation) -> None:
    before = opening(simulation)
    simulation.command_gripper(0.0)
    simulation.advance(STEPS_PER_CONTROL)
    assert before - opening(simulation) <= 1.1 * 2 * FETCH.gripper.speed * CONTROL_PERIOD
    simulation.advance(20 * STEPS_PER_CONTROL)
    assert opening(simulation) == pytest.approx(NOMINAL.size, abs=1e-3)
    assert np.abs(simulation.joint_states().efforts[-2:]).max() <= FETCH.gripper.force + 1e-6
    simulation.command_gripper(1.0)
    simulation.advance(40 * STEPS_PER_CONTROL)
    assert opening(simulation) == pytest.approx(2 * FETCH.gripper.travel, abs=1e-3), "no wider than they can"


def test_fingers_that_were_pushed_to_one_side_come_together_again(simulation: ArmSimulation) -> None:
    set_up(simulation, above=0.2)
    bodies, askew = simulation.bodies, 0.010 * np.array([1.0, -1.0])
    for joint, finger in zip(bodies.joints[-2:], 0.5 * FETCH.gripper.opening + askew, strict=True):
        pybullet.resetJointState(bodies.arm, joint, finger, physicsClientId=bodies.client)
    simulation.advance(5 * STEPS_PER_CONTROL)
    right, left = simulation.joint_states().positions[-2:]
    assert right == pytest.approx(left, abs=5e-4)
    assert right + left == pytest.approx(FETCH.gripper.opening, abs=1e-3)


def test_a_reset_ends_what_was_under_way(simulation: ArmSimulation) -> None:
    start = arm(simulation)
    simulation.command_arm(start + 0.1, 1.0)
    simulation.command_gripper(0.0)
    simulation.advance(20)
    set_up(simulation)
    assert simulation.time == 0.0
    simulation.advance(60)
    np.testing.assert_allclose(arm(simulation), start, atol=2e-3)
    assert opening(simulation) == pytest.approx(FETCH.gripper.opening, abs=1e-3)


def test_an_arm_without_all_its_joints_is_refused(simulation: ArmSimulation) -> None:
    start, turn = arm(simulation), np.array([[0.0, 0.0, 0.0, 1.0]])
    with pytest.raises(SceneError, match="joints"):
        simulation.reset(start[:-1], FETCH.gripper.opening, BLOCK[None], turn)
    for targets in (start[:-1], np.full(COUNT, np.nan)):
        with pytest.raises(ObservationError, match="arm holds"):
            simulation.command_arm(targets)


@pytest.mark.parametrize(("joint", "target"), [(6, 1e308), (6, -1e9), (3, 1e308), (3, -2.5)])
def test_a_target_that_no_joint_reaches_is_refused_and_the_arm_goes_on(
    simulation: ArmSimulation, joint: int, target: float
) -> None:
    """It would end the physics: infinite steps there and back make numbers that are not finite."""
    start = arm(simulation)
    wild = start.copy()
    wild[joint] = target
    with pytest.raises(ObservationError, match="arm holds"):
        simulation.command_arm(wild)
    simulation.command_arm(start)
    simulation.advance(30)
    np.testing.assert_allclose(arm(simulation), start, atol=0.01)
