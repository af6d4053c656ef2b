"""The safety gate: between whoever commands an arm and whatever moves it.

It lets a command through as a trajectory that keeps to all limits and whose end, at rest, does too; so an arm that is
told nothing more comes to rest where nothing is in its way. It has no clock and no ROS: every call is given the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from osil.core import CONTROL_PERIOD, NANOSECONDS, FloatArray
from osil.errors import FutureError, ImplausibleReadingError, MissingReadingError, ObservationError, StaleError
from osil.geometry import wrap_angle
from osil.robots.clearance import JOINT_MARGIN, clearances
from osil.robots.controller import ArmController
from osil.robots.fingers import Fingers
from osil.robots.joint_states import JointStates
from osil.robots.kinematics import unwrapped
from osil.robots.recency import CLOCK_TOLERANCE, Received, check_recent, recent, seconds_since
from osil.robots.robot import Robot
from osil.robots.stall import Stall
from osil.robots.stop_reasons import ClearedBy, StopReason
from osil.robots.trajectory import LOOKAHEAD, Trajectory

MAX_TRACKING_ERROR = 0.2
"""A joint that is so far (radians) from where it was told to be now was moved by something else."""

MAX_TILT = 0.35
"""An arm whose hand is further (radians) from pointing straight down is not steered: it would swing round."""

LEAD = 0.004
"""A set point that is further (metres) than this ahead of the gripper asks the arm to move."""

GRIPPER_PATIENCE = 3.0
"""So many times as long as the arm may the fingers stay where they are: they may be pressed upon something, until the
arm moves on."""

LET_GO = 0.5
"""Seconds without a command after which whoever commanded has let go, and the next stream begins where the arm is. A
clock that leaves out as much has jumped."""

SLOWEST = 0.02
"""A commanded joint speed (rad/s) that every encoder notices within the time after which joint states are stale."""

BELIEVED = 1e3
"""Speeds, m/s and rad/s, beyond which a command is no number that anybody meant."""

SHARES = (1.0, 0.5, 0.25, 0.1)
"""Of what is asked for, instead of braking, that are tried until one leads nowhere near a limit."""

LOOKED_AT = 8
"""Points of a trajectory that are held against the limits."""


class State(Enum):
    """What the gate does."""

    HOLDING = "nothing moves just now; goes on by itself"
    FOLLOWING = "commands are followed"
    STOPPED = "nothing moves until what the reason asks for has been done"


@dataclass(frozen=True)
class Status:
    """What the gate does, and why.

    Attributes:
        state: see ``State``.
        commander: who is followed, or was last; empty: nobody yet.
        reason: why it does not follow; None while it does.
        text: the same for people, and what to do.
    """

    state: State
    commander: str
    reason: StopReason | None
    text: str


@dataclass(frozen=True)
class GateConfig:
    """When to hold, and how fast to move. Seconds, metres.

    Attributes:
        command_timeout: age at which a command is stale.
        dead_man_timeout: time after a command of who has precedence in which the others stay locked out.
        joint_state_timeout: age at which joint states are stale.
        unmoved_timeout: time after which an arm that is commanded and does not move is stopped.
        max_speed: of the gripper, a second. All motion is slowed down by the same factor that this takes from the
            robot's greatest speed, so that whoever looks where the arm is steers it as well as at full speed.
        acceleration_scaling: factor on the robot's limits of joint acceleration.
        table_height: of the table top over the floor.
    """

    command_timeout: float
    dead_man_timeout: float
    joint_state_timeout: float
    unmoved_timeout: float
    max_speed: float
    acceleration_scaling: float
    table_height: float


@dataclass(frozen=True, eq=False)
class Command:
    """How the gripper shall move from now on.

    Attributes:
        stamp: nanoseconds; 0: none, so now.
        linear: ``[3]`` metres a second, gripper frame.
        turn: about z, radians a second.
    """

    stamp: int
    linear: FloatArray
    turn: float


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


class Refusal(Exception):
    """A command that is not followed."""

    def __init__(self, reason: StopReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


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
        self._scale = min(1.0, config.max_speed * CONTROL_PERIOD / robot.limits.max_step)
        self._acceleration = config.acceleration_scaling * robot.acceleration
        self._controller = ArmController(_kept_away(robot, self._scale), config.table_height)
        self.joints = JointStates(robot, config.joint_state_timeout)
        self._fingers = Fingers(robot.gripper)
        self._stall = Stall(config.unmoved_timeout, least=0.01)
        self._trajectory: Trajectory | None = None  # sent last; None: the next one begins where the arm is
        self._sent = self._began = 0
        self._jumped = False  # the clock, since then
        self._intended: FloatArray = np.zeros(0)  # where the last command was meant to lead
        self._last_call = self._last_command = self._last_step = self._last_precedence = 0
        self._problems: dict[StopReason, str] = {}
        self.status = Status(State.HOLDING, "", StopReason.NO_COMMAND, StopReason.NO_COMMAND.sentence)

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
            trajectory = self._follow(now, command, seconds)
        except Refusal as refusal:
            return self._stop(now, refusal.reason, str(refusal), commander)
        self._last_step = stamp
        self.status = Status(State.FOLLOWING, commander, None, "")
        return self._send(now, trajectory, seconds)

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
            if self._lets_go and not recent(self._last_command, now, LET_GO):
                self._hold(StopReason.NO_COMMAND, "ready for new commands")
            return NOTHING
        if self.status.state is State.FOLLOWING and not recent(self._last_step, now, self._config.command_timeout):
            self._fingers.forget()
            self._hold(StopReason.NO_COMMAND, StopReason.NO_COMMAND.sentence)
        elif not recent(self._last_command, now, LET_GO):
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
            return f"still stopped: {refusal}"
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
        if last == 0 or -CLOCK_TOLERANCE <= since <= LET_GO:
            return
        self._jumped, self._sent = True, self._sent + now - last
        self._last_command = now  # so that it lasts long enough to be heard of
        if self.status.state is not State.STOPPED:
            self._hold(StopReason.CLOCK_JUMP, f"{StopReason.CLOCK_JUMP.sentence}: it went on by {since:.1f} s at once")

    def _may_command(self, now: int, commander: str) -> bool:
        """Whether nobody with precedence is in charge, and nothing is stopped."""
        if commander == self._precedence:
            self._last_precedence = now
        elif recent(self._last_precedence, now, self._config.dead_man_timeout):
            return False
        self._last_command = now
        return self.status.state is not State.STOPPED

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

    def _posture(self, now: int) -> tuple[FloatArray, float]:
        """Where the arm's joints ``[J]`` (radians) and its lift (metres) are."""
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
        return seen[:count], float(seen[count]) if robot.lift_joint else robot.lift

    def _follow(self, now: int, command: Command, seconds: float) -> Trajectory:
        """The trajectory that does what is commanded, as far as it may be done."""
        joints, lift = self._posture(now)
        position, velocity, joints = self._moving(now, joints)
        scale = self._scale * seconds
        displacement, turn = scale * command.linear, scale * command.turn
        goal = self._controller.step(displacement, turn, joints, lift, seconds)
        self._check_moves(now, bool(displacement.any() or turn), goal, joints, lift, velocity)
        wanted = self._within_speeds((goal - position) / seconds, position, lift)
        braked, asked = (self._within_acceleration(each, velocity) for each in (np.zeros_like(wanted), wanted))
        for share in SHARES:
            after = braked + share * (asked - braked)
            trajectory = Trajectory.to_rest(position, velocity, after, self._acceleration)
            problem = self._too_near(trajectory, lift)
            if problem is None:
                return trajectory
        assert problem is not None
        raise Refusal(problem, f"{problem.sentence}; command it away from there")

    def _moving(self, now: int, measured: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Commanded position and velocity ``[J]`` of now, and ``measured`` counted on from there."""
        trajectory, late = self._trajectory, seconds_since(self._sent, now)
        if trajectory is None or late >= max(trajectory.duration, LET_GO):
            self._jumped = False
            if (tilt := float(self._robot.kinematics.tilt(measured))) > MAX_TILT:
                raise Refusal(
                    StopReason.TILT,
                    f"the hand is {tilt:.2f} rad from pointing straight down (at most {MAX_TILT}); "
                    "bring the arm into its ready pose first",
                )
            self._controller.reset(measured)
            self._stall.reset()
            self._began = now
            return measured, np.zeros_like(measured), measured
        if self._jumped:
            raise Refusal(StopReason.CLOCK_JUMP, StopReason.CLOCK_JUMP.sentence)
        position, velocity = trajectory.at(late)
        measured = unwrapped(measured, position, self._robot.continuous)
        if (error := float(np.abs(measured - position).max())) > MAX_TRACKING_ERROR:
            raise Refusal(
                StopReason.TRACKING_ERROR,
                f"the arm is {error:.2f} rad from where it was told to be (at most {MAX_TRACKING_ERROR}): "
                "something else moves it",
            )
        # A command that comes a little late leads to where it would have led: what the arm went too far counts.
        self._controller.correct(self._intended if late <= LOOKAHEAD else position)
        return position, velocity, measured

    def _check_moves(
        self, now: int, asked: bool, goal: FloatArray, joints: FloatArray, lift: float, velocity: FloatArray
    ) -> None:
        """Refuse to go on if the arm has been commanded for long and its joints have not moved."""
        target, gripper = (self._robot.kinematics.forward(each, lift) for each in (goal, joints))
        turn = float(np.abs(wrap_angle(target.yaw - gripper.yaw)))
        lead = float(np.linalg.norm(target.position - gripper.position)) + 0.1 * turn
        if self._stall.update(now / NANOSECONDS, asked and lead > LEAD, joints):
            raise Refusal(
                StopReason.ARM_UNMOVED,
                f"the arm has been commanded for {self._config.unmoved_timeout:g} s and does not move: "
                "does the robot take commands, is something in its way? Let go, then command anew",
            )
        # An arm that has not begun to move may read the same for ever.
        frozen, moving = self.joints.unchanged(now), float(np.abs(velocity).max()) > SLOWEST
        if moving and self._config.joint_state_timeout < frozen < seconds_since(self._began, now):
            raise Refusal(
                StopReason.FROZEN_JOINT_STATE,
                f"joint states are frozen: they have read exactly the same for {frozen:.2f} s while the arm was "
                "commanded to move, as those of a robot that was stopped do",
            )

    def _within_speeds(self, wanted: FloatArray, position: FloatArray, lift: float) -> FloatArray:
        """``wanted`` joint speeds ``[J]``, slowed down together to the speeds of joints and gripper."""
        ends = self._robot.kinematics.forward(np.stack([position, position + CONTROL_PERIOD * wanted]), lift).position
        gripper = float(np.linalg.norm(ends[1] - ends[0])) / CONTROL_PERIOD
        excess = max(float((np.abs(wanted) / self._robot.speed).max()), gripper / self._config.max_speed, 1.0)
        return wanted / excess

    def _within_acceleration(self, wanted: FloatArray, velocity: FloatArray) -> FloatArray:
        """What of a wanted velocity ``[J]`` can be reached within ``LOOKAHEAD``; all joints in the same proportion."""
        change = wanted - velocity
        excess = float((np.abs(change) / (0.5 * LOOKAHEAD * self._acceleration)).max())
        return velocity + change / max(excess, 1.0)

    def _too_near(self, trajectory: Trajectory, lift: float) -> StopReason | None:
        """Which limit the trajectory comes too near to. An arm that is too near already may not get nearer."""
        positions, _ = trajectory.at(np.linspace(0.0, trajectory.duration, LOOKED_AT))
        for reason, left in clearances(self._robot, positions, lift, self._config.table_height).items():
            if left[1:].min() < min(0.0, left[0]) - 1e-6:
                return reason
        return None

    def _send(self, now: int, trajectory: Trajectory, seconds: float = LOOKAHEAD) -> Orders:
        """``seconds``: after which the next command is expected."""
        self._trajectory, self._sent = trajectory, now
        self._intended, _ = trajectory.at(seconds)
        return Orders(arm=trajectory)

    def _stop(self, now: int, reason: StopReason, text: str, commander: str | None = None) -> Orders:
        """Take note of a reason, and brake if it does not go by itself, or the arm would come too near to something."""
        latched = reason.cleared_by is ClearedBy.RESUME
        if self.status.state is State.STOPPED and not (latched and self._lets_go):
            return NOTHING
        if reason.cleared_by is ClearedBy.ITSELF:
            self._hold(reason, text, commander)
            return NOTHING
        text += ". See to the robot, then call the controller's service resume" if latched else ""
        self.status = Status(State.STOPPED, self.status.commander if commander is None else commander, reason, text)
        self._fingers.forget()
        self._last_command = now  # so that a stop lasts long enough to be heard of
        trajectory, late = self._trajectory, seconds_since(self._sent, now)
        if trajectory is None or late >= trajectory.duration or self._jumped:
            return NOTHING
        position, velocity = trajectory.at(late)
        braked = self._within_acceleration(np.zeros_like(velocity), velocity)
        return self._send(now, Trajectory.to_rest(position, velocity, braked, self._acceleration))

    def _hold(self, reason: StopReason, text: str, commander: str | None = None) -> None:
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


def _kept_away(robot: Robot, scale: float) -> Robot:
    """The same robot for the arithmetic below: slower, and a little further from the limits of its joints."""
    margin, limits = JOINT_MARGIN + 0.01, robot.limits
    slower = replace(
        limits,
        max_step=scale * limits.max_step,
        max_slew=scale * limits.max_slew,
        max_yaw_step=scale * limits.max_yaw_step,
    )
    return replace(robot, lower=robot.lower + margin, upper=robot.upper - margin, limits=slower)
