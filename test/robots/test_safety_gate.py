"""The safety gate before an arm that does exactly what it is sent: what it lets through, and what makes it stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osil.core import CONTROL_PERIOD
from osil.geometry import rotate_z
from osil.robots.clearance import clearances
from osil.robots.gate_config import GateConfig
from osil.robots.gate_status import State
from osil.robots.kinematics import GripperPose
from osil.robots.steering import Command
from osil.robots.stop_reasons import ClearedBy, StopReason

from .faults import DOWN, FAULTS, PLACES, across
from .gate import CONFIG, FETCH
from .gated_arm import POLICY, READY, TELEOPERATION, GatedArm

LEFT, STILL = np.array([0.0, 0.4, 0.0]), np.zeros(3)


def within_limits(arm: GatedArm, config: GateConfig = CONFIG) -> None:
    """Speeds, accelerations and clearances of all that the arm did."""
    speed, acceleration = arm.motion()
    assert (np.abs(speed) <= 1.001 * FETCH.speed).all()
    assert (np.abs(acceleration) <= 1.001 * config.acceleration_scaling * FETCH.acceleration + 1e-6).all()
    assert np.linalg.norm(arm.speed, axis=-1).max() <= 1.03 * config.max_speed
    for reason, left in clearances(arm.robot, np.array(arm.path), FETCH.lift, config.table_height).items():
        assert left.min() >= min(0.0, left[0]) - 1e-6, reason


SPEEDS = st.tuples(*[st.floats(-2.0, 2.0)] * 3).map(np.array)
STREAMS = st.lists(
    st.tuples(
        SPEEDS, st.floats(-3.0, 3.0), st.integers(1, 8), st.sampled_from([POLICY, TELEOPERATION]), st.integers(0, 8)
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=10, deadline=None)
@given(STREAMS)
def test_whatever_is_commanded_keeps_to_every_limit_and_comes_to_rest(stream: Sequence[tuple]) -> None:
    arm = GatedArm()
    for linear, turn, periods, commander, pause in stream:
        arm.command(linear, periods, turn, commander)
        arm.rest(0.05 * pause)
    arm.rest(0.8)
    within_limits(arm)
    speed, _ = arm.motion()
    assert np.abs(speed[-10:]).max() < 1e-6


def test_a_stream_is_followed_at_reduced_speed_and_full_speed_is_had_on_request() -> None:
    for speed in (0.25, 0.7):
        config = replace(CONFIG, max_speed=speed, acceleration_scaling=10.0)
        arm = GatedArm(config)
        arm.command(0.5 * LEFT, 10)
        before = arm.gripper.position
        arm.command(0.5 * LEFT, 5)
        within_limits(arm, config)
        reached = (arm.gripper.position - before)[1] / (5 * CONTROL_PERIOD)
        assert reached == pytest.approx(speed / 0.7 * 0.2, rel=0.15), "half of full deflection"


def test_an_arm_that_is_slowed_down_while_it_moves_slows_down_within_its_limits() -> None:
    arm = GatedArm()
    arm.command(LEFT, 10)
    within_limits(arm)
    arm.gate.limit_speed(0.1)
    arm.command(LEFT, 10)
    within_limits(arm)
    assert np.linalg.norm(arm.speed[-5:], axis=-1).max() <= 1.03 * 0.1
    arm.gate.limit_speed(CONFIG.max_speed)
    arm.command(-LEFT, 15)
    within_limits(arm)
    assert np.linalg.norm(arm.speed[-5:], axis=-1).max() > 0.1, "and is as fast as before"


def test_an_arm_that_is_kept_at_an_edge_says_which_and_leaves_it_at_once() -> None:
    arm = GatedArm()
    FAULTS[StopReason.JOINT_MARGIN].inject(arm)
    for _ in range(200):
        arm.command(LEFT, commander=TELEOPERATION)
    assert (arm.gate.status.state, arm.reason) == (State.HOLDING, StopReason.JOINT_MARGIN)
    kept = arm.gripper.position
    arm.carry_out(arm.gate.grip(arm.now, TELEOPERATION, close=False))
    arm.rest(1.0)
    assert arm.reason is StopReason.NO_COMMAND
    arm.carry_out(arm.gate.grip(arm.now, TELEOPERATION, close=False))
    assert arm.gripped == [False, False], "nobody knows what was done to the fingers meanwhile"
    arm.honest()
    arm.command(LEFT, 10, commander=TELEOPERATION)
    assert arm.gate.status.state is State.FOLLOWING
    assert arm.gripper.position[1] > kept[1] + 0.02
    within_limits(arm)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("speed", [-0.4, 0.4], ids=["inwards", "outwards"])
@pytest.mark.parametrize("elbow", [FETCH.upper[3], 2.0], ids=["Fetch", "stiff"])
def test_an_arm_that_is_pushed_against_an_edge_rests_there(elbow: float, speed: float, seed: int) -> None:
    x, y, z = np.random.default_rng(seed).uniform([0.6, -0.2, 0.55], [0.75, 0.2, 0.65])
    arm = GatedArm(pose=GripperPose(np.array([x, y, z]), np.array(0.0)))
    arm.restart(replace(FETCH, upper=np.where(np.arange(7) == 3, elbow, FETCH.upper)))
    arm.rest(0.1)
    arm.asks = lambda arm: across(arm, speed)
    arm.command(LEFT, 120, commander=TELEOPERATION)
    before = arm.gripper.position
    assert arm.reason in PLACES
    assert abs(before[2] - z) < 0.02, "it goes straight there"
    arm.command(LEFT, 60, commander=TELEOPERATION)
    np.testing.assert_allclose(arm.gripper.position, before, atol=2e-3)
    within_limits(arm)


@pytest.mark.parametrize("tilt", [0.035, 0.1, 0.3])
def test_a_tilted_hand_is_straightened_without_a_swing(tilt: float) -> None:
    arm = GatedArm()
    arm.falsify = None
    arm.rest(1.2)  # run-stopped, and bent by hand
    arm.put(arm.joints + tilt * np.eye(7)[5])
    arm.honest()
    arm.rest(0.3)
    begun = arm.gripper.position
    arm.command(np.zeros(3), 40)
    assert FETCH.kinematics.tilt(arm.joints) < 0.005
    went = FETCH.kinematics.forward(np.array(arm.went), arm.lift).position
    assert np.abs(went - begun).max() < 0.01, "the fingers stay where they are"
    speed = np.diff(np.array(arm.went)[:, 5])
    assert (speed < 1e-4).all(), "one way, and not to and fro"
    within_limits(arm)


def test_a_hand_that_is_merely_low_is_at_no_edge() -> None:
    arm = GatedArm(pose=GripperPose(np.array([0.6, 0.0, FETCH.table.height + 0.04]), np.array(0.0)))
    for _ in range(20):
        arm.command(0.25 * LEFT, 2)
        arm.command(-0.25 * LEFT, 2)
    assert StopReason.TABLE not in {status.reason for status in arm.said}


def test_what_has_precedence_takes_over_at_once_and_without_a_jump() -> None:
    arm = GatedArm()
    arm.command(LEFT, 8, commander=POLICY)
    before = arm.gripper.position
    for _ in range(15):
        arm.command(-LEFT, commander=TELEOPERATION)
        arm.carry_out(arm.gate.command(arm.now, POLICY, Command(arm.now, LEFT, 0.0)))
    assert arm.gate.status.commander == TELEOPERATION
    assert arm.gripper.position[1] < before[1]
    within_limits(arm)


def test_motion_begins_where_the_arm_is_after_it_has_been_moved() -> None:
    arm = GatedArm()
    arm.command(LEFT, 5)
    arm.rest(1.0)
    arm.falsify = None
    arm.rest(1.2)  # run-stopped: nothing is read, and the arm sags
    sagged = arm.joints + 0.1 * np.eye(7)[1]
    arm.put(sagged)
    arm.falsify = lambda readings: readings
    arm.rest(0.2)
    arm.command(LEFT)
    np.testing.assert_allclose(arm.sent[0].positions[0], sagged, atol=1e-6)
    within_limits(arm)


@pytest.mark.parametrize("reason", StopReason, ids=lambda reason: reason.name)
def test_every_fault_brings_a_moving_arm_to_rest_and_says_why(reason: StopReason) -> None:
    fault, arm = FAULTS[reason], GatedArm()
    arm.command(LEFT, 10, commander=TELEOPERATION)
    fault.inject(arm)
    arm.said.clear()
    for _ in range(200):
        arm.command(LEFT, commander=TELEOPERATION)
        if given := [status for status in arm.said if status.reason is reason]:
            break
    assert given[0].text
    assert (given[0].state is State.STOPPED) == (reason.cleared_by is not ClearedBy.ITSELF)
    arm.rest(1.2)
    held = arm.joints
    arm.rest(0.3)
    np.testing.assert_array_equal(arm.joints, held, err_msg="no motion after the hold")
    within_limits(arm)
    if reason.cleared_by is ClearedBy.RESUME:
        sent = len(arm.sent)
        arm.command(LEFT, 3)
        fault.end(arm)
        arm.rest(1.2)
        arm.command(LEFT, 3, commander=TELEOPERATION)
        assert len(arm.sent) == sent, "no motion before resume"
        assert arm.reason is reason
        assert not arm.gate.resume(arm.now)
    else:
        fault.end(arm)
    arm.rest(0.3)
    left = READY.position - arm.gripper.position
    arm.command(rotate_z(0.4 * left / np.linalg.norm(left), -arm.gripper.yaw), 16, commander=TELEOPERATION)
    assert arm.gate.status.state is State.FOLLOWING
    assert np.linalg.norm(READY.position - arm.gripper.position) < np.linalg.norm(left) - 0.01
    within_limits(arm)


@pytest.mark.parametrize(
    "reason",
    [
        StopReason.LOST_CONNECTION,
        StopReason.RUN_STOP,
        StopReason.FAULT,
        StopReason.EMERGENCY_STOP,
        StopReason.IMPLAUSIBLE_JOINT_STATE,
    ],
    ids=lambda reason: reason.name,
)
def test_nothing_is_resumed_while_the_cause_is_there(reason: StopReason) -> None:
    arm = GatedArm()
    FAULTS[reason].inject(arm)
    arm.rest(0.2)
    assert arm.gate.resume(arm.now).startswith("not yet: ")
    assert arm.gate.status.state is State.STOPPED


def test_nothing_is_resumed_blindly() -> None:
    arm = GatedArm()
    arm.gate.stop(arm.now, StopReason.OPERATOR_STOP)
    arm.falsify = None
    arm.rest(0.4)
    assert "joint states" in arm.gate.resume(arm.now)


def test_a_latched_reason_is_not_let_go() -> None:
    arm = GatedArm()
    arm.obeys = False
    arm.command(LEFT, 26)
    assert arm.reason is StopReason.ARM_UNMOVED
    arm.gate.stop(arm.now, StopReason.OPERATOR_STOP)
    arm.rest(1.0)
    assert arm.reason is StopReason.OPERATOR_STOP


@pytest.mark.parametrize("what", ["arm", "gripper"])
def test_what_is_commanded_and_does_not_move_is_stopped_until_it_is_let_go(what: str) -> None:
    arm = GatedArm()
    arm.obeys = arm.fingers_obey = False
    arm.carry_out(arm.gate.grip(arm.now, POLICY, True))
    arm.command(LEFT if what == "arm" else STILL, 26 if what == "arm" else 64)
    assert arm.reason is (StopReason.ARM_UNMOVED if what == "arm" else StopReason.GRIPPER_UNMOVED)
    arm.honest()
    sent = len(arm.sent)
    arm.command(LEFT, 5)
    assert len(arm.sent) == sent
    arm.rest(0.6)
    assert arm.reason is StopReason.NO_COMMAND
    arm.command(LEFT, 3)
    assert len(arm.sent) == sent + 3


def test_an_arm_that_is_let_through_again_waits_until_nobody_commands() -> None:
    """So that it is not taken along by a stream of commands that has gone on all the while."""
    arm = GatedArm()
    arm.command(LEFT, 10)
    arm.gate.report(StopReason.INACTIVE, "so it says")
    arm.command(LEFT, 10)
    assert (arm.gate.status.state, arm.reason) == (State.STOPPED, StopReason.INACTIVE)
    within_limits(arm)
    sent = len(arm.sent)
    arm.gate.report(StopReason.INACTIVE, "")
    arm.command(LEFT, 5)
    assert len(arm.sent) == sent
    arm.rest(0.6)
    arm.command(LEFT, 3)
    assert len(arm.sent) == sent + 3


@pytest.mark.parametrize("reason", [StopReason.CLOCK_JUMP, StopReason.STALE_JOINT_STATE])
def test_fingers_are_told_anew_after_whatever_ended_the_commands(reason: StopReason) -> None:
    arm = GatedArm()
    arm.fingers_obey = False
    for _ in range(4):
        arm.carry_out(arm.gate.grip(arm.now, POLICY, close=True))
        arm.command(LEFT)
        arm.opening -= 0.002
    FAULTS[reason].inject(arm)
    arm.rest(0.5)
    FAULTS[reason].end(arm)
    arm.rest(1.0)
    arm.forget()
    arm.carry_out(arm.gate.grip(arm.now, POLICY, close=True))
    assert arm.gripped == [True]


def test_a_joint_that_was_never_reported_is_missed() -> None:
    arm = GatedArm()
    arm.restart()
    arm.falsify = lambda readings: {name: at for name, at in readings.items() if name != "elbow_flex_joint"}
    arm.rest(0.1)
    arm.command(LEFT)
    assert arm.reason is StopReason.MISSING_JOINT_STATE
    assert "elbow_flex_joint" in arm.gate.status.text


def test_a_hand_that_does_not_point_down_is_not_steered() -> None:
    arm = GatedArm()
    arm.put(arm.joints + 0.5 * np.eye(7)[5])
    arm.restart()
    arm.rest(0.1)
    arm.command(LEFT, 3)
    assert arm.reason is StopReason.TILT
    assert not arm.sent


def test_the_tips_stay_above_the_table_with_a_torso_that_has_sunk() -> None:
    arm = GatedArm()
    arm.restart()
    arm.lift -= 0.08
    arm.rest(0.1)
    arm.command(DOWN, 40)
    tips = FETCH.kinematics.forward(np.array(arm.path), arm.lift).position[:, 2] - FETCH.gripper.tip
    assert FETCH.table.height < tips.min() < FETCH.table.height + 0.01
