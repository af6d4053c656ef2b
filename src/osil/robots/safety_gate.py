"""The safety gate: between whoever commands an arm and whatever moves it.

It lets a command through as a trajectory that keeps to all limits and whose end, at rest, does too; so an arm that is
told nothing more comes to rest where nothing is in its way. It has no clock and no ROS: every call is given the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osil.core import CONTROL_PERIOD
from osil.errors import FutureError, ImplausibleReadingError, MissingReadingError, ObservationError, StaleError
from osil.robots.fingers import Fingers
from osil.robots.gate_config import GateConfig
from osil.robots.gate_status import State, Status
from osil.robots.joint_states import JointStates
from osil.robots.planned_motion import PlannedMotion, within_limits
from osil.robots.recency import CLOCK_TOLERANCE, Received, check_recent, recent, seconds_since
from osil.robots.robot import Robot
from osil.robots.steering import Command, Posture, Steering
from osil.robots.stop_reasons import ClearedBy, Refusal, StopReason
from osil.robots.trajectory import Trajectory

GRIPPER_PATIENCE = 3.0
"""So many times as long as the arm may the fingers stay where they are: they may be pressed upon something, until the
arm moves on."""

PLANNED = "planned motion"
"""The commander, while one is made."""

BELIEVED = 1e3
"""Speeds, m/s and rad/s, beyond which a command is no number that anybody meant."""


@dataclass(frozen=True, eq=False)
class Orders:
    """What is to be sent to the robot now.

    Attributes:
        arm: None: nothing; it comes to rest at the end of what it was sent before.
        close: the fingers, or open them; None: leave them.
    """

    arm: Trajectory | None = None
    close: bool | None = None


NOTHING = Orders()


class SafetyGate:
    """Call ``read``, ``command`` and ``grip`` as things come, ``watch`` once in each control period; send the orders.

    Times (``now``, stamps) are nanoseconds of one clock.

    Attributes:
        status: what the gate does, and why.
        joints: what is known of the robot's joints.
    """

    def __init__(self, robot: Robot, config: GateConfig, precedence: str) -> None:
        """Nobody has commanded yet: holding.

        Args:
            robot: whose limits are kept.
            config: see there.
            precedence: name of the commander who locks the others out.
        """
        self._robot, self._config, self._precedence = robot, config, precedence
        self._steering = Steering(robot, config)
        self.joints = JointStates(robot, config.joint_state_timeout)
        self._fingers = Fingers(robot.gripper)
        self._last_call = self._last_command = self._last_step = self._last_precedence = 0
        self._problems: dict[StopReason, str] = {}
        self._motion: PlannedMotion | None = None
        self.status = Status(State.HOLDING, "", StopReason.NO_COMMAND, StopReason.NO_COMMAND.sentence)

    def limit_speed(self, max_speed: float) -> None:
        """Let the gripper move so fast at most from now on, metres a second; see ``GateConfig``."""
        self._config = replace(self._config, max_speed=max_speed)
        self._steering.limit_speed(max_speed)
        self.leave("the greatest speed was changed on the way: plan the motion anew")

    def read(self, now: int, stamp: int, positions: dict[str, float]) -> None:
        """Take in joint positions (radians or metres by name) that were true at ``stamp``.

        Raises:
            ImplausibleReadingError: they cannot be true. The next ``watch`` or ``command`` stops the arm.
        """
        self.joints.add(now, stamp, positions)

    def report(self, reason: StopReason, problem: str) -> None:
        """Something else stands in the way, as long as ``problem`` is not empty; it says what."""
        self._problems[reason] = problem

    def command(self, now: int, commander: str, command: Command) -> Orders:
        """Follow a command, if whoever gives it may, and if it can be followed."""
        self._notice_clock(now)
        if not self._may_command(now, commander):
            return NOTHING
        stamp = command.stamp or now
        try:
            self._check_command(now, commander, stamp, command)
            stamp = min(stamp, now)
            # The motion lasts as long as the command was in force before: a faster stream takes shorter steps.
            since = seconds_since(self._last_step, stamp)
            seconds = min(since, CONTROL_PERIOD) if since >= 0.0 else CONTROL_PERIOD  # below 0: the clock was set back
            if seconds < 0.5 * CONTROL_PERIOD:
                return NOTHING
            trajectory = self._steering.follow(now, command, seconds, self._posture(now))
        except Refusal as refusal:
            return self._stop(now, refusal.reason, str(refusal), commander)
        self._last_step = stamp
        if (edge := self._steering.kept_at) is not None:  # it goes on to be led, should a command lead away
            self._hold(edge, edge.at_edge, commander)
        else:
            self.status = Status(State.FOLLOWING, commander, None, "")
        return Orders(arm=trajectory)

    def move(self, now: int, trajectory: Trajectory) -> PlannedMotion:
        """Let a motion of the whole arm begin that was planned as a whole. ``watch`` sends it, part by part.

        It ends like any other motion if something is wrong, and when who has precedence commands; the others wait.

        Args:
            now: nanoseconds.
            trajectory: from where the arm is, at rest, to where it shall be, at rest.

        Returns:
            The motion, which tells how it ends.

        Raises:
            Refusal: it may not be made, or not now.
        """
        self._notice_clock(now)
        self._check_latching(now)
        if self.status.state is State.STOPPED and self.status.reason is not None:
            raise Refusal(self.status.reason, self.status.text)
        busy = self._motion is not None or recent(self._last_command, now, self._config.release_timeout)
        if busy or not self._steering.rests(now):
            raise Refusal(StopReason.OTHER_MOTION, StopReason.OTHER_MOTION.sentence)
        slowed = within_limits(self._robot, self._config, trajectory, self._posture(now).joints)
        self._motion = PlannedMotion(slowed, now)
        self.status = Status(State.FOLLOWING, PLANNED, None, "")
        return self._motion

    def leave(self, why: str) -> None:
        """End the planned motion, if there is one: the arm comes to rest on its way."""
        if self._motion is not None:
            self._hold(StopReason.NO_COMMAND, why)

    def refuse(self, now: int, commander: str, reason: StopReason, text: str) -> Orders:
        """A command came that could not be read."""
        return self._stop(now, reason, text, commander) if self._may_command(now, commander) else NOTHING

    def grip(self, now: int, commander: str, close: bool) -> Orders:
        """Close or open the fingers, if whoever says so may."""
        if not self._may_command(now, commander) or close == self._fingers.closed:
            return NOTHING
        self._fingers.tell(now, close, self._opening(now))
        return Orders(close=close)

    def watch(self, now: int) -> Orders:
        """Notice what has stopped coming, what is wrong, and what no longer is."""
        self._notice_clock(now)
        try:
            self._check_latching(now)
        except Refusal as refusal:
            return self._stop(now, refusal.reason, str(refusal))
        if self.status.state is State.STOPPED:
            if self._lets_go and not recent(self._last_command, now, self._config.release_timeout):
                self._hold(StopReason.NO_COMMAND, "ready for new commands")
            return NOTHING
        if self._motion is not None:
            return self._go_on(now, self._motion)
        if self.status.state is State.FOLLOWING and not recent(self._last_step, now, self._config.command_timeout):
            self._hold(StopReason.NO_COMMAND, StopReason.NO_COMMAND.sentence)
        elif not recent(self._last_command, now, self._config.release_timeout):
            self._say_why_idle(now)
        return self._watch_fingers(now)

    def stop(self, now: int, reason: StopReason, text: str = "") -> Orders:
        """Slow down and stop, for a reason that came from outside."""
        return self._stop(now, reason, text or reason.sentence)

    def resume(self, now: int) -> str:
        """Take up commands again, from where the arm is now. Returns why not; empty: it does."""
        try:
            self._check_latching(now)
            self._posture(now)
        except Refusal as refusal:
            return f"not yet: {refusal}"
        if self.status.state is State.STOPPED:
            self._hold(StopReason.NO_COMMAND, "ready for new commands")
        return ""

    @property
    def _lets_go(self) -> bool:
        """Whether the stop ends when whoever commands has let go."""
        return self.status.reason is not None and self.status.reason.cleared_by is ClearedBy.LETTING_GO

    def _notice_clock(self, now: int) -> None:
        """Leave the arm alone after a jump until it rests by itself: nobody knows how far it has come by now."""
        last, self._last_call = self._last_call, now
        since = seconds_since(last, now)
        if last == 0 or -CLOCK_TOLERANCE <= since <= self._config.release_timeout:
            return
        self._steering.clock_jumped(now - last)
        self._last_command = now  # so that it lasts long enough to be heard of
        if self.status.state is not State.STOPPED:
            self._hold(StopReason.CLOCK_JUMP, f"{StopReason.CLOCK_JUMP.sentence}: it went on by {since:.1f} s at once")

    def _may_command(self, now: int, commander: str) -> bool:
        """Whether nobody with precedence is in charge, and nothing is stopped."""
        if commander == self._precedence:
            self._last_precedence = now
            self.leave(f"{commander} has taken over")
        elif self._motion is not None or recent(self._last_precedence, now, self._config.dead_man_timeout):
            return False
        self._last_command = now
        return self.status.state is not State.STOPPED

    def _go_on(self, now: int, motion: PlannedMotion) -> Orders:
        """Send the arm on along a planned motion."""
        try:
            posture = self._posture(now)
            if motion.over(now):
                motion.end("the planned motion has come to its end", arrived=True)
                self._hold(StopReason.NO_COMMAND, StopReason.NO_COMMAND.sentence)
                return NOTHING
            return Orders(arm=self._steering.go_on(now, motion, posture))
        except Refusal as refusal:
            return self._stop(now, refusal.reason, str(refusal))

    def _check_command(self, now: int, commander: str, stamp: int, command: Command) -> None:
        self._check_latching(now)
        try:
            check_recent(f"commands of {commander}", Received(stamp, now), now, self._config.command_timeout)
        except ObservationError as error:
            future = isinstance(error, FutureError)
            raise Refusal(StopReason.FUTURE_COMMAND if future else StopReason.STALE_COMMAND, str(error)) from error
        if not (np.abs([*command.linear, command.turn]) <= BELIEVED).all():
            raise Refusal(
                StopReason.NOT_FINITE,
                f"expected speeds of at most {BELIEVED:g}, got {command.linear} m/s and {command.turn} rad/s",
            )

    def _check_latching(self, now: int) -> None:
        """Refuse to go on while something is wrong that somebody has to see to."""
        for reason, problem in self._problems.items():
            if problem:
                raise Refusal(reason, problem)
        try:
            self.joints.check(now, ())
        except ImplausibleReadingError as error:
            raise Refusal(StopReason.IMPLAUSIBLE_JOINT_STATE, str(error)) from error

    def _posture(self, now: int) -> Posture:
        robot = self._robot
        names = (*robot.arm_joints, *([robot.lift_joint] if robot.lift_joint else []))
        try:
            seen = self.joints.newest(now, names)
        except ImplausibleReadingError as error:
            raise Refusal(StopReason.IMPLAUSIBLE_JOINT_STATE, str(error)) from error
        except MissingReadingError as error:
            raise Refusal(StopReason.MISSING_JOINT_STATE, str(error)) from error
        except (StaleError, FutureError) as error:
            raise Refusal(StopReason.STALE_JOINT_STATE, str(error)) from error
        count = len(robot.arm_joints)
        lift = float(seen[count]) if robot.lift_joint else robot.lift
        return Posture(seen[:count], lift, self.joints.unchanged(now))

    def _stop(self, now: int, reason: StopReason, text: str, commander: str | None = None) -> Orders:
        """Take note of a reason, and brake unless it goes by itself: then the arm comes to rest as it was sent to."""
        latched = reason.cleared_by is ClearedBy.RESUME
        if self.status.state is State.STOPPED and not (latched and self._lets_go):
            return NOTHING
        if reason.cleared_by is ClearedBy.ITSELF:
            self._hold(reason, text, commander)
            return NOTHING
        if latched:
            text += f"{'' if text.endswith('?') else '.'} See to the robot, then call the controller's service resume"
        self._end_motion(text)
        self.status = Status(State.STOPPED, self.status.commander if commander is None else commander, reason, text)
        self._fingers.forget()
        self._last_command = now  # so that a stop lasts long enough to be heard of
        return Orders(arm=self._steering.brake(now))

    def _end_motion(self, why: str) -> None:
        if self._motion is not None:
            self._motion.end(why)
            self._motion = None

    def _hold(self, reason: StopReason, text: str, commander: str | None = None) -> None:
        self._end_motion(text)
        if reason is not self.status.reason:
            self._fingers.forget()  # until somebody follows on they may have been moved
        self.status = Status(State.HOLDING, self.status.commander if commander is None else commander, reason, text)

    def _say_why_idle(self, now: int) -> None:
        try:
            self._posture(now)
        except Refusal as refusal:
            self._hold(refusal.reason, str(refusal))
        else:
            self._hold(StopReason.NO_COMMAND, StopReason.NO_COMMAND.sentence)

    def _opening(self, now: int) -> float | None:
        """Distance between the finger pads, metres; None: not known."""
        try:
            return float(self.joints.newest(now, self._robot.gripper.joints).sum())
        except ObservationError:
            return None

    def _watch_fingers(self, now: int) -> Orders:
        patience = GRIPPER_PATIENCE * self._config.unmoved_timeout
        unanswered, close = self._fingers.unanswered(now, self._opening(now)), self._fingers.closed
        if unanswered > patience:
            return self._stop(
                now,
                StopReason.GRIPPER_UNMOVED,
                f"the gripper has been told to {'close' if close else 'open'} for {patience:g} s and does not: "
                "does it take commands? Let go, then command anew",
            )
        return Orders(close=close) if unanswered else NOTHING  # again: it is said once, and may have been lost
