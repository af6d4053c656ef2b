"""From commands to trajectories that keep to all limits of an arm, from its start to its end at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osil.core import CONTROL_PERIOD, NANOSECONDS, FloatArray
from osil.geometry import wrap_angle
from osil.robots.clearance import clearances, edge
from osil.robots.controller import ArmController
from osil.robots.gate_config import GateConfig
from osil.robots.kinematics import unwrapped
from osil.robots.limits import BRAKING, JOINT_MARGIN
from osil.robots.planned_motion import PART, PlannedMotion
from osil.robots.recency import seconds_since
from osil.robots.robot import Robot
from osil.robots.stall import Stall
from osil.robots.stop_reasons import Refusal, StopReason
from osil.robots.trajectory import Trajectory

MAX_TRACKING_ERROR = 0.2
"""A joint that is so far (radians) from where it was told to be now was moved by something else."""

MAX_TILT = 0.35
"""An arm whose hand is further (radians) from pointing straight down is not steered: it would swing round."""

LEAD = 0.004
"""A set point that is further (metres) than this ahead of the gripper asks the arm to move."""

SLOWEST = 0.02
"""A commanded joint speed (rad/s) that every encoder notices within the time after which joint states are stale."""

ASKED, LED = 0.02, 0.005
"""A gripper that is asked for long to go faster than the one (m/s), and is led by less than the other (metres), is kept
from it."""

SHARES = (1.0, 0.5, 0.25, 0.1)
"""Of what is asked for, instead of braking, that are tried until one leads nowhere near a limit."""

LOOKED_AT = 8
"""Points of a trajectory that are held against the limits."""


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
class Posture:
    """Where an arm is measured to be.

    Attributes:
        joints: ``[J]`` radians.
        lift: position of the lift, metres.
        unchanged: seconds for which every joint has read exactly the same.
    """

    joints: FloatArray
    lift: float
    unchanged: float


class Steering:
    """Remembers what the arm was sent, and continues it. Times are nanoseconds of one clock; now is always given.

    Attributes:
        kept_at: the limit at whose edge the arm is kept, and has long been commanded in vain; None: it is not.
    """

    def __init__(self, robot: Robot, config: GateConfig) -> None:
        """Nothing was sent yet: the first trajectory begins where the arm is."""
        self._robot, self._config = robot, config
        self._acceleration, self._lookahead = config.acceleration_scaling * robot.acceleration, config.lookahead
        self._controller = ArmController(robot, config.table_height, config.lookahead)
        self.limit_speed(config.max_speed)
        self._stall = Stall(config.unmoved_timeout, least=0.01)
        self._kept = Stall(config.unmoved_timeout, least=LED)
        self.kept_at: StopReason | None = None
        self._trajectory: Trajectory | None = None  # sent last
        self._sent = self._began = 0
        self._jumped = False  # the clock, since then
        self._planned = False  # it was part of a planned motion
        self._intended: FloatArray = np.zeros(0)  # where the last command was meant to lead

    def limit_speed(self, max_speed: float) -> None:
        """Let the gripper move so fast at most from now on, metres a second."""
        self._max_speed = max_speed
        self._scale = min(1.0, max_speed * CONTROL_PERIOD / self._robot.limits.max_step)
        self._controller.keep_to(_kept_away(self._robot, self._scale))

    def clock_jumped(self, nanoseconds: int) -> None:
        """Leave the arm alone until it rests: the clock went on by so much, and how far the arm has come is unknown."""
        self._jumped, self._sent = True, self._sent + nanoseconds

    def follow(self, now: int, command: Command, seconds: float, posture: Posture) -> Trajectory:
        """The trajectory that does what is commanded, as far as it may be done.

        Args:
            now: nanoseconds.
            command: see there.
            seconds: for which it is in force; the next one is expected then.
            posture: of now.

        Raises:
            Refusal: it cannot be followed, or the arm has not followed what it was sent before.
        """
        position, velocity, joints = self._moving(now, posture.joints)
        lift = posture.lift
        scale = self._scale * seconds
        displacement, turn = scale * command.linear, scale * command.turn
        goal = self._controller.step(displacement, turn, joints, lift, seconds)
        self._check_moves(now, bool(displacement.any() or turn), goal, replace(posture, joints=joints))
        self._notice_edge(now, float(np.linalg.norm(displacement)) / seconds, position, lift)
        self._check_frozen(now, posture.unchanged, velocity)
        wanted = self._within_speeds((goal - position) / seconds, position, lift)
        braked, asked = (self._within_acceleration(each, velocity) for each in (np.zeros_like(wanted), wanted))
        for share in SHARES:
            after = braked + share * (asked - braked)
            trajectory = Trajectory.to_rest(position, velocity, self._lookahead, after, self._acceleration)
            problem = self._too_near(trajectory, lift)
            if problem is None:
                return self._send(now, trajectory, seconds)
        assert problem is not None
        raise Refusal(problem, problem.at_edge)

    def go_on(self, now: int, motion: PlannedMotion, posture: Posture) -> Trajectory | None:
        """The next part of a planned motion; None: the arm knows the way to its end.

        Raises:
            Refusal: the arm has not followed what it was sent before, or was sent it too long ago.
        """
        if motion.told:
            position, velocity, _ = self._on_its_way(now, posture.joints)
            self._check_frozen(now, posture.unchanged, velocity)
        else:
            self._jumped, self._began = False, now
            position, velocity = motion.trajectory.at(0.0)
        if (state := motion.next_state(now)) is None:
            return None
        self._planned = True
        return self._send(
            now, Trajectory.by_way_of(position, velocity, PART, *state, self._acceleration), CONTROL_PERIOD
        )

    def rests(self, now: int) -> bool:
        """Whether the arm is at the end of what it was sent."""
        return self._trajectory is None or seconds_since(self._sent, now) >= self._trajectory.duration

    def brake(self, now: int) -> Trajectory | None:
        """The trajectory that brings the arm to rest; None: it rests already, or how far it has come is unknown."""
        trajectory, late = self._trajectory, seconds_since(self._sent, now)
        if trajectory is None or late >= trajectory.duration or self._jumped:
            return None
        position, velocity = trajectory.at(late)
        braked = self._within_acceleration(np.zeros_like(velocity), velocity)
        stop = Trajectory.to_rest(position, velocity, self._lookahead, braked, self._acceleration)
        return self._send(now, stop, self._lookahead)

    def _moving(self, now: int, measured: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Commanded position and velocity ``[J]`` of now, and ``measured`` counted on from there."""
        trajectory, late = self._trajectory, seconds_since(self._sent, now)
        if self._planned and not self.rests(now):
            raise Refusal(StopReason.OTHER_MOTION, StopReason.OTHER_MOTION.sentence)
        if self._planned or trajectory is None or late >= max(trajectory.duration, self._config.release_timeout):
            self._jumped = self._planned = False
            if (tilt := float(self._robot.kinematics.tilt(measured))) > MAX_TILT:
                raise Refusal(
                    StopReason.TILT,
                    f"the hand is {tilt:.2f} rad from pointing straight down (at most {MAX_TILT}); "
                    "bring the arm into its ready pose first",
                )
            self._controller.reset(measured)
            self._stall.reset()
            self._kept.reset()
            self._began = now
            return measured, np.zeros_like(measured), measured
        position, velocity, measured = self._on_its_way(now, measured)
        # A command that comes a little late leads to where it would have led: what the arm went too far counts.
        self._controller.correct(self._intended if late <= self._lookahead else position)
        return position, velocity, measured

    def _on_its_way(self, now: int, measured: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The same of an arm that must have followed what it was sent."""
        if self._jumped:
            raise Refusal(StopReason.CLOCK_JUMP, StopReason.CLOCK_JUMP.sentence)
        assert self._trajectory is not None
        position, velocity = self._trajectory.at(seconds_since(self._sent, now))
        measured = unwrapped(measured, position, self._robot.continuous)
        if (error := float(np.abs(measured - position).max())) > MAX_TRACKING_ERROR:
            raise Refusal(
                StopReason.TRACKING_ERROR,
                f"the arm is {error:.2f} rad from where it was told to be (at most {MAX_TRACKING_ERROR}): "
                "something else moves it, or it is told too late where to go",
            )
        return position, velocity, measured

    def _check_moves(self, now: int, asked: bool, goal: FloatArray, posture: Posture) -> None:
        """Refuse to go on if the arm has been commanded for long and its joints have not moved."""
        target, gripper = (self._robot.kinematics.forward(each, posture.lift) for each in (goal, posture.joints))
        turn = float(np.abs(wrap_angle(target.yaw - gripper.yaw)))
        lead = float(np.linalg.norm(target.position - gripper.position)) + 0.1 * turn
        if self._stall.update(now / NANOSECONDS, asked and lead > LEAD, posture.joints):
            raise Refusal(
                StopReason.ARM_UNMOVED,
                f"the arm has been commanded for {self._config.unmoved_timeout:g} s and does not move: "
                "does the robot take commands, is something in its way? Let go, then command anew",
            )

    def _notice_edge(self, now: int, speed: float, position: FloatArray, lift: float) -> None:
        """Whether the arm is kept at an edge, where it is told to be, although it is asked for a ``speed``, m/s."""
        gripper = self._robot.kinematics.forward(position, lift).position
        kept = self._kept.update(now / NANOSECONDS, speed > ASKED, gripper)
        self.kept_at = edge(self._robot, position, lift, self._config.table_height) if kept else None

    def _check_frozen(self, now: int, unchanged: float, velocity: FloatArray) -> None:
        """Refuse to go on if joints read the same although the arm was sent on its way."""
        # An arm that has not begun to move may read the same for ever.
        moving = float(np.abs(velocity).max()) > SLOWEST
        if moving and self._config.joint_state_timeout < unchanged < seconds_since(self._began, now):
            raise Refusal(
                StopReason.FROZEN_JOINT_STATE,
                f"joint states are frozen: they have read exactly the same for {unchanged:.2f} s while the arm was "
                "commanded to move, as those of a robot that was stopped do",
            )

    def _within_speeds(self, wanted: FloatArray, position: FloatArray, lift: float) -> FloatArray:
        """``wanted`` joint speeds ``[J]``, slowed down together to the speeds of joints and gripper."""
        ends = self._robot.kinematics.forward(np.stack([position, position + CONTROL_PERIOD * wanted]), lift).position
        gripper = float(np.linalg.norm(ends[1] - ends[0])) / CONTROL_PERIOD
        excess = max(float((np.abs(wanted) / self._robot.speed).max()), gripper / self._max_speed, 1.0)
        return wanted / excess

    def _within_acceleration(self, wanted: FloatArray, velocity: FloatArray) -> FloatArray:
        """What of a wanted velocity ``[J]`` can be reached within the look-ahead; all joints in the same proportion."""
        change = wanted - velocity
        excess = float((np.abs(change) / (0.5 * self._lookahead * self._acceleration)).max())
        return velocity + change / max(excess, 1.0)

    def _too_near(self, trajectory: Trajectory, lift: float) -> StopReason | None:
        """Which limit the trajectory comes too near to. An arm that is too near already may not get nearer."""
        positions, _ = trajectory.at(np.linspace(0.0, trajectory.duration, LOOKED_AT))
        for reason, left in clearances(self._robot, positions, lift, self._config.table_height).items():
            if left[1:].min() < min(0.0, left[0]) - 1e-6:
                return reason
        return None

    def _send(self, now: int, trajectory: Trajectory, seconds: float) -> Trajectory:
        """Take note of what the arm is sent; ``seconds`` as in ``follow``."""
        self._trajectory, self._sent = trajectory, now
        self._intended, _ = trajectory.at(seconds)
        return trajectory


def _kept_away(robot: Robot, scale: float) -> Robot:
    """The same robot for the arithmetic below: slower, and a little further from the limits of its joints."""
    margin, limits = JOINT_MARGIN + BRAKING, robot.limits
    slower = replace(
        limits,
        max_step=scale * limits.max_step,
        max_slew=scale * limits.max_slew,
        max_yaw_step=scale * limits.max_yaw_step,
    )
    return replace(robot, lower=robot.lower + margin, upper=robot.upper - margin, limits=slower)
