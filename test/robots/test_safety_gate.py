"""The safety gate before an arm that does exactly what it is sent: what it lets through, and what makes it stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osil.core import CONTROL_PERIOD, NANOSECONDS
from osil.errors import ImplausibleReadingError
from osil.robots.clearance import clearances
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.robots.safety_gate import Command, GateConfig, Orders, SafetyGate, State
from osil.robots.stop_reasons import ClearedBy, StopReason
from osil.robots.trajectory import Trajectory

FETCH = load_robot("fetch")
CONFIG = GateConfig(
    command_timeout=0.12,
    dead_man_timeout=0.25,
    joint_state_timeout=0.25,
    unmoved_timeout=1.0,
    max_speed=0.25,
    acceleration_scaling=1.0,
    table_height=FETCH.table.height,
)
PERIOD = round(CONTROL_PERIOD * NANOSECONDS)
TICK = PERIOD // 5
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
        self._since = 0
        self.rest(0.1)

    def carry_out(self, orders: Orders) -> None:
        if orders.arm is not None:
            self.sent.append(orders.arm)
            if self.obeys:
                self._trajectory, self._since = orders.arm, self.now
        if orders.close is not None:
            self.gripped.append(orders.close)
            if self.obeys:
                self.opening = 0.0 if orders.close else FETCH.gripper.opening

    def tick(self) -> None:
        self.now += TICK
        if self._trajectory is not None:
            self.joints, _ = self._trajectory.at((self.now - self._since) / NANOSECONDS)
        self.path.append(self.joints)
        self.noise = -self.noise  # as every encoder has
        fingers = dict.fromkeys(FETCH.gripper.joints, 0.5 * self.opening)
        readings = {
            **dict(zip(FETCH.arm_joints, self.joints + self.noise, strict=True)),
            FETCH.lift_joint: self.lift,
            **fingers,
        }
        if self.falsify is not None:
            try:
                self.gate.read(self.now, self.now, self.falsify(readings))
            except ImplausibleReadingError:
                pass
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
    def position(self) -> np.ndarray:
        return FETCH.kinematics.forward(self.joints, self.lift).position


def within_limits(arm: Arm, config: GateConfig = CONFIG) -> None:
    """Speeds, accelerations and clearances of all that the arm did."""
    speed, acceleration = arm.motion()
    assert (np.abs(speed) <= 1.001 * FETCH.speed).all()
    assert (np.abs(acceleration) <= 1.001 * config.acceleration_scaling * FETCH.acceleration + 1e-6).all()
    gripper = FETCH.kinematics.forward(np.array(arm.path), FETCH.lift).position
    assert np.linalg.norm(np.diff(gripper, axis=0), axis=-1).max() * NANOSECONDS / TICK <= 1.03 * config.max_speed
    for reason, left in clearances(FETCH, np.array(arm.path), FETCH.lift, config.table_height).items():
        assert left.min() >= min(0.0, left[0]) - 1e-6, reason


SPEEDS = st.tuples(*[st.floats(-2.0, 2.0)] * 3).map(np.array)
STREAMS = st.lists(
    st.tuples(
        SPEEDS, st.floats(-3.0, 3.0), st.integers(1, 15), st.sampled_from([POLICY, TELEOPERATION]), st.integers(0, 12)
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(STREAMS)
def test_whatever_is_commanded_keeps_to_every_limit_and_comes_to_rest(stream: Sequence[tuple]) -> None:
    arm = Arm()
    for linear, turn, periods, commander, pause in stream:
        arm.command(linear, periods, turn, commander)
        arm.rest(0.05 * pause)
    arm.rest(1.0)
    within_limits(arm)
    speed, _ = arm.motion()
    assert np.abs(speed[-10:]).max() < 1e-6
