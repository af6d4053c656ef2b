"""The safety gate before an arm that does exactly what it is sent: what it lets through, and what makes it stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osil.core import CONTROL_PERIOD, NANOSECONDS
from osil.errors import ImplausibleReadingError
from osil.robots.clearance import clearances
from osil.robots.gate_config import GateConfig
from osil.robots.gate_status import State
from osil.robots.kinematics import GripperPose
from osil.robots.safety_gate import Orders, SafetyGate
from osil.robots.steering import Command
from osil.robots.stop_reasons import ClearedBy, StopReason
from osil.robots.trajectory import Trajectory

from .gate import CONFIG, FETCH, PERIOD, TICK

READY = GripperPose(np.array([0.6, 0.0, 0.7]), np.array(0.0))
LEFT, DOWN, STILL = np.array([0.0, 0.4, 0.0]), np.array([0.0, 0.0, -0.4]), np.zeros(3)
POLICY, TELEOPERATION = "policy", "teleoperation"


class Arm:
    """An arm behind a gate. Time goes on in ticks, at each of which joints are read and the gate watches.

    Attributes:
        gate: that is tried.
        now: nanoseconds.
        joints, fingers, lift: where they are.
        falsify: changes what is read, by joint; None: nothing is.
        obeys: whether what is sent is done.
        path: ``(time, joints)`` of every tick.
        sent: all trajectories.
        since: when the last one began.
    """

    def __init__(self, config: GateConfig = CONFIG, pose: GripperPose = READY) -> None:
        self.gate = SafetyGate(FETCH, config, TELEOPERATION)
        self.now = 1_000 * NANOSECONDS
        self.joints = FETCH.kinematics.inverse(pose, FETCH.home, FETCH.lift)
        self.opening, self.lift = FETCH.gripper.opening, FETCH.lift
        self.falsify: Callable[[dict[str, float]], dict[str, float]] | None = lambda readings: readings
        self.obeys, self.noise = True, 1e-9
        self.path: list[np.ndarray] = []
        self.sent: list[Trajectory] = []
        self.gripped: list[bool] = []
        self._trajectory: Trajectory | None = None
        self.since = 0
        self.rest(0.1)

    def carry_out(self, orders: Orders) -> None:
        if orders.arm is not None:
            self.sent.append(orders.arm)
            if self.obeys:
                self._trajectory, self.since = orders.arm, self.now
        if orders.close is not None:
            self.gripped.append(orders.close)
            if self.obeys:
                self.opening = 0.0 if orders.close else FETCH.gripper.opening

    def put(self, joints: np.ndarray) -> None:
        """Somebody has moved the arm; what it does from now on counts."""
        self.joints, self._trajectory = joints, None
        self.path.clear()
        self.sent.clear()

    def tick(self) -> None:
        self.now += TICK
        if self._trajectory is not None:
            self.joints, _ = self._trajectory.at((self.now - self.since) / NANOSECONDS)
        self.path.append(self.joints)
        self.noise = -self.noise  # as every encoder has
        fingers = dict.fromkeys(FETCH.gripper.joints, 0.5 * self.opening)
        readings = {
            **dict(zip(FETCH.arm_joints, self.joints + self.noise, strict=True)),
            FETCH.lift_joint: self.lift,
            **fingers,
        }
        if self.falsify is not None:
            with suppress(ImplausibleReadingError):
                self.gate.read(self.now, self.now, self.falsify(readings))
        self.carry_out(self.gate.watch(self.now))

    def rest(self, seconds: float) -> None:
        for _ in range(round(seconds * NANOSECONDS / TICK)):
            self.tick()

    def command(
        self, linear: np.ndarray, periods: int = 1, turn: float = 0.0, commander: str = POLICY, ahead: float = 0.0
    ) -> None:
        for _ in range(periods):
            stamp = self.now + round(ahead * NANOSECONDS)
            self.carry_out(self.gate.command(self.now, commander, Command(stamp, linear, turn)))
            for _ in range(PERIOD // TICK):
                self.tick()

    def motion(self) -> tuple[np.ndarray, np.ndarray]:
        """Speeds and accelerations ``[T, 7]`` of the whole path."""
        speed = np.diff(self.path, axis=0) * NANOSECONDS / TICK
        return speed, np.diff(speed, axis=0) * NANOSECONDS / TICK

    @property
    def reason(self) -> StopReason | None:
        return self.gate.status.reason

    @property
    def speed(self) -> np.ndarray:
        """Of the gripper ``[T, 3]``, all along the path, metres a second."""
        gripper = FETCH.kinematics.forward(np.array(self.path), self.lift).position
        return np.diff(gripper, axis=0) * NANOSECONDS / TICK

    @property
    def position(self) -> np.ndarray:
        return FETCH.kinematics.forward(self.joints, self.lift).position


def within_limits(arm: Arm, config: GateConfig = CONFIG) -> None:
    """Speeds, accelerations and clearances of all that the arm did."""
    speed, acceleration = arm.motion()
    assert (np.abs(speed) <= 1.001 * FETCH.speed).all()
    assert (np.abs(acceleration) <= 1.001 * config.acceleration_scaling * FETCH.acceleration + 1e-6).all()
    assert np.linalg.norm(arm.speed, axis=-1).max() <= 1.03 * config.max_speed
    for reason, left in clearances(FETCH, np.array(arm.path), FETCH.lift, config.table_height).items():
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
    arm = Arm()
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
        arm = Arm(config)
        arm.command(0.5 * LEFT, 10)
        within_limits(arm, config)
        reached = (arm.position - READY.position)[1] / (10 * CONTROL_PERIOD)
        assert reached == pytest.approx(speed / 0.7 * 0.2, rel=0.15), "half of full deflection"


def test_an_arm_that_is_slowed_down_while_it_moves_slows_down_within_its_limits() -> None:
    arm = Arm()
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


def test_what_has_precedence_takes_over_at_once_and_without_a_jump() -> None:
    arm = Arm()
    arm.command(LEFT, 8, commander=POLICY)
    before = arm.position
    for _ in range(10):
        arm.command(-LEFT, commander=TELEOPERATION)
        arm.carry_out(arm.gate.command(arm.now, POLICY, Command(arm.now, LEFT, 0.0)))
    assert arm.gate.status.commander == TELEOPERATION
    assert arm.position[1] < before[1]
    within_limits(arm)


def test_motion_begins_where_the_arm_is_after_it_has_been_moved() -> None:
    arm = Arm()
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


def refuse(arm: Arm) -> None:
    arm.carry_out(arm.gate.refuse(arm.now, POLICY, StopReason.WRONG_FRAME, "in the frame of the base"))


def jump(arm: Arm) -> None:
    arm.now += 10 * NANOSECONDS
    arm.since += 10 * NANOSECONDS  # the clock was set, no time has passed
    arm.tick()


def drift(arm: Arm) -> None:
    """Something pushes the arm on while it is commanded."""
    begun = arm.now
    arm.falsify = lambda readings: {
        **readings,
        "shoulder_pan_joint": readings["shoulder_pan_joint"] + (arm.now - begun) / NANOSECONDS,
    }
    arm.command(STILL, 6)


def freeze(arm: Arm) -> None:
    arm.obeys, arm.noise = False, 0.0
    arm.put(arm.joints)
    arm.command(LEFT, 12)


def falsified(arm: Arm) -> None:
    arm.falsify = lambda readings: {**readings, "elbow_flex_joint": readings["elbow_flex_joint"] + 0.5}


def honest(arm: Arm) -> None:
    arm.falsify, arm.obeys, arm.noise = lambda readings: readings, True, 1e-9


def silence(arm: Arm) -> None:
    arm.falsify = None
    arm.rest(0.4)


def reported(reason: StopReason) -> tuple[Callable[[Arm], None], Callable[[Arm], None]]:
    return lambda arm: arm.gate.report(reason, "so it says"), lambda arm: arm.gate.report(reason, "")


REPORTED = (
    StopReason.CLOCK_STOPPED,
    StopReason.LOST_CONNECTION,
    StopReason.RUN_STOP,
    StopReason.FAULT,
    StopReason.EMERGENCY_STOP,
)
FAULTS: dict[StopReason, tuple[Callable[[Arm], None], Callable[[Arm], None]]] = {
    StopReason.STALE_COMMAND: (lambda arm: arm.command(LEFT, ahead=-0.5), honest),
    StopReason.FUTURE_COMMAND: (lambda arm: arm.command(LEFT, ahead=0.5), honest),
    StopReason.NOT_FINITE: (lambda arm: arm.command(np.array([0.0, np.nan, 0.0])), honest),
    StopReason.WRONG_FRAME: (refuse, honest),
    StopReason.STALE_JOINT_STATE: (lambda arm: (silence(arm), arm.command(LEFT)), honest),
    StopReason.CLOCK_JUMP: (jump, honest),
    StopReason.IMPLAUSIBLE_JOINT_STATE: (falsified, honest),
    StopReason.FROZEN_JOINT_STATE: (freeze, honest),
    StopReason.TRACKING_ERROR: (drift, honest),
    StopReason.OPERATOR_STOP: (
        lambda arm: arm.carry_out(arm.gate.stop(arm.now, StopReason.OPERATOR_STOP)),
        honest,
    ),
    **{reason: reported(reason) for reason in REPORTED},
}


@pytest.mark.parametrize("reason", FAULTS, ids=lambda reason: reason.name)
def test_every_fault_brings_a_moving_arm_to_rest_and_says_why(reason: StopReason) -> None:
    cause, cure = FAULTS[reason]
    arm = Arm()
    arm.command(LEFT, 10)
    cause(arm)
    if arm.reason is not reason:
        arm.tick()
    assert arm.reason is reason
    assert arm.gate.status.text
    latches = reason.cleared_by is ClearedBy.RESUME
    assert (arm.gate.status.state is State.STOPPED) == latches
    arm.rest(0.8)
    held = arm.joints
    arm.rest(0.3)
    np.testing.assert_array_equal(arm.joints, held, err_msg="no motion after the hold")
    within_limits(arm)
    if latches:
        sent = len(arm.sent)
        arm.command(LEFT, 3)
        cure(arm)
        arm.rest(1.2)
        arm.command(LEFT, 3, commander=TELEOPERATION)
        assert len(arm.sent) == sent, "no motion before resume"
        assert arm.reason is reason
        assert not arm.gate.resume(arm.now)
    cure(arm)
    arm.rest(0.3)
    before = arm.position
    arm.command(LEFT, 6, commander=TELEOPERATION)
    assert arm.gate.status.state is State.FOLLOWING
    assert arm.position[1] > before[1] + 0.01
    within_limits(arm)


@pytest.mark.parametrize("reason", [*REPORTED[1:], StopReason.IMPLAUSIBLE_JOINT_STATE], ids=lambda reason: reason.name)
def test_nothing_is_resumed_while_the_cause_is_there(reason: StopReason) -> None:
    arm = Arm()
    FAULTS[reason][0](arm)
    arm.rest(0.2)
    assert arm.gate.resume(arm.now).startswith("still stopped")
    assert arm.gate.status.state is State.STOPPED


def test_nothing_is_resumed_blindly() -> None:
    arm = Arm()
    arm.gate.stop(arm.now, StopReason.OPERATOR_STOP)
    silence(arm)
    assert "joint states" in arm.gate.resume(arm.now)


def test_a_latched_reason_is_not_let_go() -> None:
    arm = Arm()
    arm.obeys = False
    arm.command(LEFT, 26)
    assert arm.reason is StopReason.ARM_UNMOVED
    arm.gate.stop(arm.now, StopReason.OPERATOR_STOP)
    arm.rest(1.0)
    assert arm.reason is StopReason.OPERATOR_STOP


@pytest.mark.parametrize("what", ["arm", "gripper"])
def test_what_is_commanded_and_does_not_move_is_stopped_until_it_is_let_go(what: str) -> None:
    arm = Arm()
    arm.obeys = False
    arm.carry_out(arm.gate.grip(arm.now, POLICY, True))
    arm.command(LEFT if what == "arm" else STILL, 26 if what == "arm" else 64)
    assert arm.reason is (StopReason.ARM_UNMOVED if what == "arm" else StopReason.GRIPPER_UNMOVED)
    arm.obeys = True
    sent = len(arm.sent)
    arm.command(LEFT, 5)
    assert len(arm.sent) == sent
    arm.rest(0.6)
    assert arm.reason is StopReason.NO_COMMAND
    arm.command(LEFT, 3)
    assert len(arm.sent) == sent + 3


def test_a_joint_that_was_never_reported_is_missed() -> None:
    arm = Arm()
    arm.gate = SafetyGate(FETCH, CONFIG, TELEOPERATION)
    arm.falsify = lambda readings: {name: at for name, at in readings.items() if name != "elbow_flex_joint"}
    arm.rest(0.1)
    arm.command(LEFT)
    assert arm.reason is StopReason.MISSING_JOINT_STATE
    assert "elbow_flex_joint" in arm.gate.status.text


def test_a_hand_that_does_not_point_down_is_not_steered() -> None:
    arm = Arm()
    arm.gate = SafetyGate(FETCH, CONFIG, TELEOPERATION)
    arm.joints = arm.joints + 0.5 * np.eye(7)[5]
    arm.rest(0.1)
    arm.command(LEFT, 3)
    assert arm.reason is StopReason.TILT
    assert not arm.sent


def test_the_tips_stay_above_the_table_with_a_torso_that_has_sunk() -> None:
    arm = Arm()
    arm.gate = SafetyGate(FETCH, CONFIG, TELEOPERATION)
    arm.lift -= 0.08
    arm.rest(0.1)
    arm.command(DOWN, 40)
    tips = FETCH.kinematics.forward(np.array(arm.path), arm.lift).position[:, 2] - FETCH.gripper.tip
    assert FETCH.table.height < tips.min() < FETCH.table.height + 0.01


def test_every_reason_has_a_test_or_a_limit_that_is_always_kept() -> None:
    limits = set(clearances(FETCH, np.zeros((1, 7)), 0.2, 0.4))
    others = {
        StopReason.NO_COMMAND,
        StopReason.MISSING_JOINT_STATE,
        StopReason.OTHER_MOTION,
        StopReason.TILT,
        StopReason.ARM_UNMOVED,
        StopReason.GRIPPER_UNMOVED,
    }
    assert set(StopReason) == set(FAULTS) | limits | others
