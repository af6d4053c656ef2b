"""Motions planned as a whole, behind the safety gate: they arrive, keep to every limit, and end when they have to."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osil.core import CONTROL_PERIOD, NANOSECONDS
from osil.robots.gate_config import GateConfig
from osil.robots.gate_status import State
from osil.robots.planned_motion import PART, PlannedMotion
from osil.robots.safety_gate import Orders, SafetyGate
from osil.robots.steering import Command
from osil.robots.stop_reasons import Refusal, StopReason
from osil.robots.trajectory import Trajectory

from .gate import CONFIG, FETCH, PERIOD, TICK

READY = FETCH.ready()
ASIDE = READY + np.array([0.9, -0.3, 0.5, 0.4, -0.4, 0.2, 1.0])
POLICY, TELEOPERATION = "policy", "teleoperation"


def way(*corners: np.ndarray, speed: float = 1.0) -> Trajectory:
    """From corner to corner, resting at each, as fast as a joint goes at ``speed`` rad/s on average."""
    times = [0.0]
    for one, other in pairwise(corners):
        times.append(times[-1] + float(np.abs(other - one).max()) / speed)
    return Trajectory(np.array(times), np.array(corners), np.zeros((len(corners), 7)))


class Arm:
    """An arm that does what it is sent, with the noise of its encoders.

    Attributes:
        gate: that is tried; watched once in each control period.
        joints: where the arm is.
        path: the same at every tick.
        reads: whether joint states come.
    """

    def __init__(self, joints: np.ndarray = READY) -> None:
        self.gate = SafetyGate(FETCH, CONFIG, TELEOPERATION)
        self.now, self.joints, self.reads, self.obeys = 1_000 * NANOSECONDS, joints, True, True
        self.path: list[np.ndarray] = []
        self._noise = 1e-9
        self._sent: Trajectory | None = None
        self._since = 0
        self.run(0.1)

    def carry_out(self, orders: Orders) -> None:
        if orders.arm is not None:
            self._sent, self._since = orders.arm, self.now

    def run(self, seconds: float, watched: bool = True) -> None:
        for _ in range(round(seconds * NANOSECONDS / TICK)):
            self.now += TICK
            if self._sent is not None and self.obeys:
                self.joints, _ = self._sent.at((self.now - self._since) / NANOSECONDS)
            self.path.append(self.joints)
            self._noise = -self._noise
            if self.reads:
                positions = dict(zip(FETCH.arm_joints, self.joints + self._noise, strict=True))
                fingers = dict.fromkeys(FETCH.gripper.joints, 0.5 * FETCH.gripper.opening)
                self.gate.read(self.now, self.now, {**positions, FETCH.lift_joint: FETCH.lift, **fingers})
            if watched and self.now % PERIOD == 0:
                self.carry_out(self.gate.watch(self.now))

    def move(self, trajectory: Trajectory) -> PlannedMotion:
        return self.gate.move(self.now, trajectory)

    def command(self, commander: str, linear: np.ndarray) -> None:
        self.carry_out(self.gate.command(self.now, commander, Command(self.now, linear, 0.0)))

    def finish(self, motion: PlannedMotion, seconds: float = 60.0) -> None:
        while not motion.ended and seconds > 0.0:
            self.run(CONTROL_PERIOD)
            seconds -= CONTROL_PERIOD
        self.run(1.0)

    def check(self, config: GateConfig = CONFIG) -> None:
        """No limit was exceeded, and the arm rests."""
        speed = np.diff(self.path, axis=0) * NANOSECONDS / TICK
        acceleration = np.diff(speed, axis=0) * NANOSECONDS / TICK
        assert (np.abs(speed) <= 1.001 * FETCH.speed).all()
        assert (np.abs(acceleration) <= 1.001 * config.acceleration_scaling * FETCH.acceleration + 1e-6).all()
        hand = FETCH.kinematics.forward(np.array(self.path), FETCH.lift).position
        assert np.linalg.norm(np.diff(hand, axis=0), axis=-1).max() * NANOSECONDS / TICK <= 1.03 * config.max_speed
        assert np.abs(speed[-10:]).max() < 1e-6


CHANGES = st.tuples(*[st.sampled_from([-0.5, -0.02, 0.1, 0.4])] * 7).map(np.array)


@settings(max_examples=8, deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=3, unique_by=tuple), st.sampled_from([0.3, 3.0, 20.0]))
def test_however_fast_it_was_planned_it_arrives_within_every_limit(changes: list[np.ndarray], speed: float) -> None:
    corners = [READY, *(np.clip(READY + change, FETCH.lower + 0.06, FETCH.upper - 0.06) for change in changes)]
    arm = Arm()
    motion = arm.move(way(*corners, speed=speed))
    arm.finish(motion)
    assert motion.arrived, motion.ended
    np.testing.assert_allclose(arm.joints, corners[-1], atol=1e-6)
    arm.check()


@settings(max_examples=8, deadline=None)
@given(st.floats(0.1, 3.0), st.sampled_from(["stop", "leave", "silence"]))
def test_however_it_ends_the_arm_rests_on_the_way_that_was_planned(seconds: float, how: str) -> None:
    """Also when nothing more is heard of the controller: the part that was sent ends at rest."""
    arm, corner = Arm(), 0.5 * (READY + ASIDE) + 0.3 * np.eye(7)[1]
    motion = arm.move(way(READY, corner, ASIDE, speed=20.0))
    arm.run(seconds)
    if how == "stop":
        arm.carry_out(arm.gate.stop(arm.now, StopReason.OPERATOR_STOP))
    elif how == "leave":
        arm.gate.leave("cancelled")
    stopped = len(arm.path)
    arm.run(2.0, watched=how != "silence")
    assert how == "silence" or (motion.ended and not motion.arrived)
    arm.check()
    lines = [(READY, corner), (corner, ASIDE)]
    for joints in arm.path[stopped:]:
        shares = [np.clip((joints - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0) for a, b in lines]
        beside = [np.abs(a + share * (b - a) - joints).max() for share, (a, b) in zip(shares, lines, strict=True)]
        assert min(beside) < 0.01
    moving = np.abs(np.diff(arm.path[stopped:], axis=0)).max(-1) > 1e-9
    assert moving.sum() * TICK / NANOSECONDS < PART + float((FETCH.speed / FETCH.acceleration).max())


def test_it_waits_until_nobody_else_commands_and_then_locks_the_policy_out() -> None:
    arm = Arm()
    arm.command(POLICY, np.array([0.0, 0.2, 0.0]))
    arm.run(0.1)
    with pytest.raises(Refusal) as refusal:
        arm.move(way(arm.joints, ASIDE))
    assert refusal.value.reason is StopReason.OTHER_MOTION
    arm.run(1.0)
    motion = arm.move(way(arm.joints, ASIDE))
    with pytest.raises(Refusal):
        arm.move(way(arm.joints, READY))
    for _ in range(20):
        arm.command(POLICY, np.array([0.0, -0.4, 0.0]))
        arm.run(CONTROL_PERIOD)
    arm.finish(motion)
    assert motion.arrived
    arm.check()


def test_teleoperation_ends_it_and_is_followed_once_the_arm_rests() -> None:
    arm = Arm()
    motion = arm.move(way(READY, READY + 0.8 * np.eye(7)[0], speed=20.0))
    arm.run(1.5)
    states = []
    for _ in range(30):
        arm.command(TELEOPERATION, np.array([0.0, 0.2, 0.0]))
        states.append((arm.gate.status.state, arm.gate.status.reason))
        arm.run(CONTROL_PERIOD)
    assert motion.ended == "teleoperation has taken over"
    assert states[0] == (State.HOLDING, StopReason.OTHER_MOTION)
    assert states[-1] == (State.FOLLOWING, None)
    arm.run(1.0)
    arm.check()


def test_a_hand_that_does_not_point_down_is_not_steered_after_it() -> None:
    arm = Arm()
    motion = arm.move(way(READY, READY - 1.2 * np.eye(7)[5]))
    arm.run(2.0)
    arm.gate.leave("cancelled")
    assert not motion.arrived
    arm.run(2.0)
    arm.command(TELEOPERATION, np.array([0.0, 0.2, 0.0]))
    assert arm.gate.status.reason is StopReason.TILT


def test_a_lower_speed_ends_what_would_be_faster_and_holds_for_the_next() -> None:
    arm = Arm()
    motion = arm.move(way(READY, ASIDE))
    arm.run(1.0)
    arm.gate.limit_speed(0.1)
    assert "speed was changed" in motion.ended
    arm.run(1.5)
    arm.path.clear()
    motion = arm.move(way(arm.joints, ASIDE))
    arm.finish(motion)
    assert motion.arrived
    arm.check(replace(CONFIG, max_speed=0.1))


def test_what_begins_elsewhere_or_ends_at_a_limit_is_refused() -> None:
    arm = Arm()
    with pytest.raises(Refusal, match=r"begins 0\.10 rad from where the arm is"):
        arm.move(way(READY + 0.1 * np.eye(7)[3], ASIDE))
    beyond = READY.copy()
    beyond[3] = FETCH.upper[3] - 0.01
    with pytest.raises(Refusal, match=r"elbow_flex_joint"):
        arm.move(way(READY, beyond))
    at_limit = Arm(beyond)
    motion = at_limit.move(way(beyond, READY))
    at_limit.finish(motion)
    assert motion.arrived, "but an arm that is there may leave"


def test_a_joint_that_has_wrapped_does_not_turn_back() -> None:
    turned = READY + 2 * np.pi * np.eye(7)[6]
    arm = Arm(turned)
    motion = arm.move(way(READY, ASIDE))
    arm.finish(motion)
    np.testing.assert_allclose(arm.joints, ASIDE + 2 * np.pi * np.eye(7)[6], atol=1e-6)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda arm: setattr(arm, "reads", False), StopReason.STALE_JOINT_STATE),
        (lambda arm: setattr(arm, "obeys", False), StopReason.TRACKING_ERROR),
        (lambda arm: arm.gate.report(StopReason.RUN_STOP, "pressed"), StopReason.RUN_STOP),
        (lambda arm: arm.run(0.4, watched=False), StopReason.CLOCK_JUMP),
    ],
)
def test_what_goes_wrong_on_the_way_ends_it(fault, reason: StopReason) -> None:
    arm = Arm()
    motion = arm.move(way(READY, ASIDE))
    arm.run(1.0)
    fault(arm)
    for _ in range(60):
        arm.run(CONTROL_PERIOD)
        if motion.ended:
            break
    assert arm.gate.status.reason is reason
    assert not motion.arrived
