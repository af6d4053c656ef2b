"""An arm behind a safety gate, stepped without a clock. It does exactly what it is sent, and misbehaves on demand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from osil.core import CONTROL_PERIOD, NANOSECONDS, FloatArray
from osil.errors import ImplausibleReadingError
from osil.robots.gate_config import GateConfig
from osil.robots.gate_status import Status
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot
from osil.robots.safety_gate import Orders, SafetyGate
from osil.robots.steering import Command
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory

from .gate import CONFIG, FETCH, PERIOD

READY = GripperPose(np.array([0.6, 0.0, 0.7]), np.array(0.0))
POLICY, TELEOPERATION = "policy", "teleoperation"

Readings = dict[str, float]


class SetPoint:
    """Where an arm is told to be: along the newest trajectory, from where it was told to be when that came.

    Attributes:
        position, velocity: ``[J]`` radians and radians a second.
    """

    def __init__(self, position: FloatArray) -> None:
        self.put(position)

    def put(self, position: FloatArray) -> None:
        """At rest."""
        self.position, self.velocity = position, np.zeros_like(position)
        self._trajectory: Trajectory | None = None

    def follow(self, trajectory: Trajectory) -> None:
        self._trajectory = trajectory.begun_at(self.position, self.velocity)
        self._since = 0.0

    def advance(self, seconds: float) -> None:
        if self._trajectory is not None:
            self._since += seconds
            self.position, self.velocity = self._trajectory.at(self._since)


class GatedArm:
    """Time goes on in ticks, at each of which joints are read; once in each control period the gate is watched.

    Attributes:
        gate: that is tried.
        robot: that the gate takes the arm for.
        joints, opening, lift: where they are.
        told: where the arm is told to be.
        path, went: positions of ``told`` and ``joints`` at every tick.
        said: status of the gate at every tick.
        sent, gripped: all trajectories, and all that the fingers were told.
        falsify: changes what is read, by joint; None: nothing is.
        noise: radians, of the encoders.
        obeys, fingers_obey: whether what is sent arrives.
        mute: whether commands are not given at all.
        ahead: seconds by which commands are stamped too late.
        wrong_frame: whether commands are given in another frame.
        asks: what is commanded instead of what was meant, metres a second in the gripper frame, without a turn.
    """

    def __init__(self, config: GateConfig = CONFIG, pose: GripperPose = READY, ticks: int = 5) -> None:
        """``ticks``: in a control period."""
        self._config, self._ticks, self._tick = config, ticks, 0
        self.tick_seconds = CONTROL_PERIOD / ticks
        self._started = 1_000 * NANOSECONDS
        self.opening, self.lift = FETCH.gripper.opening, FETCH.lift
        joints = FETCH.kinematics.inverse(pose, FETCH.home, FETCH.lift)
        self.told = SetPoint(joints)
        self.put(joints)
        self.honest()
        self.restart()
        self.rest(0.1)

    def restart(self, robot: Robot = FETCH) -> None:
        """Put a new gate before the arm, which takes it for ``robot``."""
        self.robot, self.gate = robot, SafetyGate(robot, self._config, TELEOPERATION)

    def honest(self) -> None:
        """Misbehave no more."""
        self.falsify: Callable[[Readings], Readings] | None = lambda readings: readings
        self.noise, self.obeys, self.fingers_obey = 1e-9, True, True
        self.mute, self.ahead, self.wrong_frame = False, 0.0, False
        self.asks: Callable[[GatedArm], FloatArray] | None = None

    def forget(self) -> None:
        """What it does from now on counts."""
        self.path: list[FloatArray] = []
        self.went: list[FloatArray] = []
        self.said: list[Status] = []
        self.sent: list[Trajectory] = []
        self.gripped: list[bool] = []

    def put(self, joints: FloatArray) -> None:
        """Somebody has moved the arm; what it does from now on counts."""
        self.joints = joints
        self.told.put(joints)
        self.forget()

    def set_clock(self, seconds: float) -> None:
        """On by so much, while no time passes."""
        self._started += round(seconds * NANOSECONDS)

    @property
    def now(self) -> int:
        """Nanoseconds."""
        return self._started + self._tick * PERIOD // self._ticks

    def carry_out(self, orders: Orders) -> None:
        if orders.arm is not None:
            self.sent.append(orders.arm)
            if self.obeys:
                self.told.follow(orders.arm)
        if orders.close is not None:
            self.gripped.append(orders.close)
            if self.fingers_obey:
                self._grip(0.0 if orders.close else FETCH.gripper.opening)

    def _grip(self, opening: float) -> None:
        self.opening = opening

    def _move(self, target: FloatArray) -> None:
        """What the arm does in a tick in which it is told to go to ``target`` ``[J]``."""
        self.joints = target

    def tick(self) -> None:
        self._tick += 1
        self.told.advance(self.tick_seconds)
        self._move(self.told.position)
        self.path.append(self.told.position)
        self.went.append(self.joints)
        self.noise = -self.noise
        readings = {
            **dict(zip(FETCH.arm_joints, self.joints + self.noise, strict=True)),
            FETCH.lift_joint: self.lift,
            **dict.fromkeys(FETCH.gripper.joints, 0.5 * self.opening),
        }
        if self.falsify is not None:
            with suppress(ImplausibleReadingError):
                self.gate.read(self.now, self.now, self.falsify(readings))
        if self._tick % self._ticks == 0:
            self.carry_out(self.gate.watch(self.now))
        self.said.append(self.gate.status)

    def rest(self, seconds: float) -> None:
        for _ in range(round(seconds / self.tick_seconds)):
            self.tick()

    def say(self, linear: FloatArray, turn: float = 0.0, commander: str = POLICY) -> None:
        """Command the gripper: metres a second in its own frame, radians a second."""
        if self.mute:
            return
        if self.wrong_frame:
            self.carry_out(self.gate.refuse(self.now, commander, StopReason.WRONG_FRAME, "in the frame of the base"))
            return
        if self.asks is not None:
            linear, turn = self.asks(self), 0.0
        stamp = self.now + round(self.ahead * NANOSECONDS)
        self.carry_out(self.gate.command(self.now, commander, Command(stamp, linear, turn)))

    def command(self, linear: FloatArray, periods: int = 1, turn: float = 0.0, commander: str = POLICY) -> None:
        """The same for so many control periods."""
        for _ in range(periods):
            self.say(linear, turn, commander)
            self.rest(CONTROL_PERIOD)

    def motion(self) -> tuple[FloatArray, FloatArray]:
        """Speeds and accelerations ``[T, 7]`` of all that it was told."""
        speed = np.diff(self.path, axis=0) / self.tick_seconds
        return speed, np.diff(speed, axis=0) / self.tick_seconds

    @property
    def reason(self) -> StopReason | None:
        return self.gate.status.reason

    @property
    def gripper(self) -> GripperPose:
        return FETCH.kinematics.forward(self.joints, self.lift)

    @property
    def speed(self) -> FloatArray:
        """Of the gripper ``[T, 3]``, all along the path, metres a second."""
        position = FETCH.kinematics.forward(np.array(self.path), self.lift).position
        return np.diff(position, axis=0) / self.tick_seconds
