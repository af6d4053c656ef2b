"""Makes gripper motion safe for the arm: gripper twists and commands in, joint trajectories out.

While the dead-man button of teleoperation is held, teleoperation is followed, otherwise the policy. A command is acted
upon when it comes, not at the next tick of a timer, because that would put up to a control period of delay into a
closed loop. When commands or joint states stop coming or are not finite, the arm slows down and holds.

The arm is stopped, and nothing moves it until a person has seen to it, when
  * joint readings cannot be true: until ``~/resume`` is called;
  * arm or gripper are commanded and do not move: until whoever commands has let go, or the goal has ended.

Subscribes: ``joint_states``; ``gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper") and
``gripper_command`` (std_msgs/Bool, true: close) and the same under ``teleop/``.
Publishes: ``arm_controller/joint_trajectory``, ``gripper_controller/joint_trajectory`` (trajectory_msgs/JointTrajectory
of one point); ``~/status`` (ControllerStatus).
Service: ``~/resume`` (std_srvs/Trigger), after a stop.
Parameters: see ``ControllerParameters`` and ``config/controller.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.subscription import MessageInfo
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from osil.choices import ROBOT
from osil.core import CONTROL_PERIOD, NANOSECONDS, Action
from osil.errors import ObservationError
from osil.geometry import wrap_angle
from osil.robots.controller import ArmController
from osil.robots.kinematics import unwrapped
from osil.robots.robot import Robot, load_robot
from osil.robots.stall import Stall
from osil.ros import convert, topics
from osil.ros.observing import Joints
from osil.ros.parameters import declare, parameter, require
from osil.ros.run_node import run_node
from osil.ros.sources import Sources
from osil.ros.status import StatusTopic
from osil.ros.timing import Received, check_recent, recent, seconds_since
from osil.tasks.blocks import Blocks
from osil_interfaces.msg import ControllerStatus

POLICY, TELEOPERATION = "policy", "teleoperation"

MOVED = 0.2
"""A joint that is so far (radians) from its target was moved by something else."""

MAX_TILT = 0.35
"""An arm whose hand is further (radians) from pointing straight down is not steered: it would swing round."""

LEAD = 0.004
"""A set point that is further (metres) than this ahead of the gripper asks the arm to move."""

IDLE_PERIOD = 0.5
"""Seconds of the machine's clock between two looks at why nothing moves; simulated time may have stopped."""

GRIPPER_PATIENCE = 3.0
"""So many times as long as the arm may the fingers stay where they are: they may be pressed upon something, until the
arm moves on."""


@dataclass(frozen=True)
class ControllerParameters:
    """Which arm, when to hold, and what the arm must not touch."""

    robot: str = parameter(ROBOT)
    command_timeout: float = parameter("seconds without a command after which the arm slows down and holds")
    dead_man_timeout: float = parameter("seconds after the last teleoperation in which the policy stays locked out")
    joint_state_timeout: float = parameter("seconds after which a joint state counts as lost")
    unmoved_timeout: float = parameter("seconds after which what is commanded and does not move is stopped")
    block_size: float = parameter("edge length of the blocks, for which the hand opens wide enough, metres")
    release_timeout: float = parameter("seconds without a command after which whoever commanded has let go")
    table_height: float = parameter("of the table top over the floor, above which the fingers stay [m]; 0: the robot's")

    def __post_init__(self) -> None:
        timeouts = (
            self.command_timeout,
            self.dead_man_timeout,
            self.joint_state_timeout,
            self.unmoved_timeout,
            self.release_timeout,
        )
        require(min(timeouts) >= CONTROL_PERIOD, f"timeouts {timeouts}: expected at least {CONTROL_PERIOD} s each")
        require(0.0 <= self.table_height <= 1.2, f"table_height {self.table_height}: expected 0 to 1.2 m")


class ControllerNode(Node):
    """Follows whoever is in charge, within the limits of ArmController."""

    def __init__(self) -> None:
        super().__init__("controller")
        self._settings = declare(self, ControllerParameters)
        self._robot = load_robot(self._settings.robot).opened_for(Blocks(self._settings.block_size))
        self._controller = ArmController(self._robot, self._settings.table_height or None)
        self._joints = Joints(self, self._robot, self._settings.joint_state_timeout)
        self._teleop_time = self._step_time = self._command_time = 0
        self._steps_to_hold = self._robot.limits.steps_to_rest + 1  # to rest, and one more that stays there
        self._slowing = self._steps_to_hold  # nobody has commanded yet: holding
        self._targets: np.ndarray | None = None
        self._closed: bool | None = None
        self._stopped = self._needs_resume = False
        self._arm_stall = Stall(self._settings.unmoved_timeout, least=0.01)
        self._told_at: float | None = None  # opening when the fingers were told to move, until they have begun to
        self._unanswered = 0.0
        self._status = StatusTopic(self, topics.CONTROLLER_STATUS, ControllerStatus())
        self._sources: dict[str, Sources] = {}
        self._arm = self.create_publisher(JointTrajectory, topics.ARM_TRAJECTORY, 1)
        self._gripper = self.create_publisher(JointTrajectory, topics.GRIPPER_TRAJECTORY, 1)
        for twist, grip, commander in (
            (topics.GRIPPER_TWIST, topics.GRIPPER, POLICY),
            (topics.TELEOP_GRIPPER_TWIST, topics.TELEOP_GRIPPER, TELEOPERATION),
        ):
            self._sources[commander] = Sources(self, twist)
            self.create_subscription(TwistStamped, twist, partial(self._follow, commander), 1)
            self.create_subscription(Bool, grip, partial(self._grip, commander), 1)
        self.create_service(Trigger, "~/resume", self._resume)
        self.create_timer(CONTROL_PERIOD, self._watch)
        self.create_timer(IDLE_PERIOD, self._watch_idle, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _may_command(self, commander: str) -> bool:
        """Whether nobody with precedence is in charge, and nothing is stopped."""
        now = self._now()
        if commander == TELEOPERATION:
            self._teleop_time = now
        elif recent(self._teleop_time, now, self._settings.dead_man_timeout):
            return False
        self._command_time = now
        return not self._stopped

    def _follow(self, commander: str, twist: TwistStamped, info: MessageInfo) -> None:
        self._sources[commander].hear_the_only(info)
        if not self._may_command(commander):
            return
        now = self._now()
        stamp = convert.to_nanoseconds(twist.header.stamp) or now
        try:
            check_recent(f"commands of {commander}", Received(stamp, now), now, self._settings.command_timeout)
            stamp = min(stamp, now)
            # The motion lasts as long as the command was in force before: a faster stream takes shorter steps.
            since = seconds_since(self._step_time, stamp)
            seconds = min(since, CONTROL_PERIOD) if since >= 0.0 else CONTROL_PERIOD  # below 0: the clock was set back
            if seconds < 0.5 * CONTROL_PERIOD:
                return
            self._step(convert.to_action(twist, False, seconds), seconds)
        except ObservationError as error:
            self.get_logger().warning(f"holding: {error}", throttle_duration_sec=1.0)
            self._status.tell(state=ControllerStatus.HOLDING, commander=commander, reason=str(error))
            return
        if not self._stopped:
            self._step_time, self._slowing = stamp, 0
            self._status.tell(state=ControllerStatus.FOLLOWING, commander=commander, reason="")

    def _step(self, action: Action, seconds: float) -> None:
        robot = self._robot
        joints, lift = self._posture()
        if self._targets is not None:
            joints = unwrapped(joints, self._targets, robot.continuous)
        at_rest = self._slowing >= self._steps_to_hold or self._targets is None
        if at_rest or np.abs(joints - self._targets).max() > MOVED:
            _check_posture(robot, joints)
            self._controller.reset(joints)
            self._arm_stall.reset()
        self._targets = self._controller.step(action.displacement, float(action.yaw_step), joints, lift, seconds)
        self._arm.publish(convert.from_joint_targets(robot.arm_joints, self._targets, seconds))
        target, gripper = (robot.kinematics.forward(each, lift) for each in (self._targets, joints))
        turn = float(np.abs(wrap_angle(target.yaw - gripper.yaw)))
        lead = float(np.linalg.norm(target.position - gripper.position)) + 0.1 * turn
        asked = bool(action.displacement.any() or action.yaw_step) and lead > LEAD
        if self._arm_stall.update(self._now() / NANOSECONDS, asked, joints):
            self._stop(
                f"the arm has been commanded for {self._settings.unmoved_timeout:g} s and does not move: "
                "does the robot take commands, is something in its way? Let go, then command anew"
            )

    def _posture(self) -> tuple[np.ndarray, float]:
        """Where the arm's joints ``[J]`` (radians) and its lift (metres) are. Raises what ``Joints.newest`` does."""
        robot = self._robot
        if not robot.lift_joint:
            return self._joints.newest(*robot.arm_joints), robot.lift
        seen = self._joints.newest(*robot.arm_joints, robot.lift_joint)
        return seen[:-1], float(seen[-1])

    def _watch(self) -> None:
        """Slow down and hold once commands have stopped coming; stop if something is wrong."""
        now = self._now()
        if self._joints.fault and not self._needs_resume:
            self._needs_resume = True
            self._stop(f"{self._joints.fault}. See to the robot, then call {self.get_name()}/resume")
        self._watch_gripper()
        if self._stopped:
            if not self._needs_resume and not recent(self._command_time, now, self._settings.release_timeout):
                self._stopped = False
                self._status.tell(state=ControllerStatus.HOLDING, reason="ready for new commands")
            return
        if self._slowing >= self._steps_to_hold or recent(self._step_time, now, self._settings.command_timeout):
            return
        if recent(self._step_time, now, self._settings.release_timeout):
            try:
                self._step(Action(np.zeros(3), np.array(False)), CONTROL_PERIOD)
            except ObservationError as error:  # the robot cannot be seen: its last target is the best hold there is
                self._slowing = self._steps_to_hold
                self._status.tell(state=ControllerStatus.HOLDING, reason=str(error))
            self._slowing += 1
        else:  # the clock was set, or this node did not run: to slow down now would be a motion of its own
            self._slowing = self._steps_to_hold
        if self._slowing >= self._steps_to_hold:
            self._closed = None  # whatever comes next is told to the gripper anew
            self._status.tell(state=ControllerStatus.HOLDING, reason=self._status.message.reason or "nobody commands")

    def _grip(self, commander: str, message: Bool) -> None:
        if not self._may_command(commander) or message.data == self._closed:
            return
        self._closed, self._told_at, self._unanswered = message.data, self._opening(), 0.0
        self._move_fingers()

    def _move_fingers(self) -> None:
        gripper = self._robot.gripper
        opening = 0.0 if self._closed else gripper.opening
        fingers = np.full(len(gripper.joints), 0.5 * opening)
        seconds = 0.5 * gripper.opening / gripper.speed
        self._gripper.publish(convert.from_joint_targets(gripper.joints, fingers, seconds))

    def _opening(self) -> float | None:
        """Distance between the finger pads, metres; None: not known."""
        try:
            return float(self._joints.newest(*self._robot.gripper.joints).sum())
        except ObservationError:
            return None

    def _watch_gripper(self) -> None:
        """Fingers that were told to move have to begin to. Where they stop is decided by what is in their way."""
        told_at, opening = self._told_at, self._opening()
        if told_at is None or opening is None or self._stopped:
            return
        # Closed fingers may hold something already, and open ones be as open as they get.
        open_enough = told_at > self._robot.gripper.opening - 0.005
        there = open_enough != self._closed
        if there or abs(opening - told_at) > 0.002:
            self._told_at = None
            return
        self._unanswered += CONTROL_PERIOD
        patience = GRIPPER_PATIENCE * self._settings.unmoved_timeout
        if self._unanswered > patience:
            self._stop(
                f"the gripper has been told to {'close' if self._closed else 'open'} for {patience:g} s and does not: "
                "does it take commands? Let go, then command anew"
            )
        else:
            self._move_fingers()  # again: it is said once, and may have been lost

    def _stop(self, reason: str) -> None:
        """Send nothing more. The robot keeps its last target, which is at most a leash away from where it is."""
        self._stopped, self._slowing, self._closed, self._told_at = True, self._steps_to_hold, None, None
        self._command_time = self._now()  # so that a stop lasts long enough to be heard of
        self.get_logger().error(f"stopped: {reason}")
        self._status.tell(state=ControllerStatus.STOPPED, reason=reason)

    def _resume(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Take up commands again, from where the arm is now."""
        try:
            self._posture()
        except ObservationError as error:
            response.message = f"still stopped: {error}"
            return response
        response.success = True
        response.message = "ready for new commands" if self._stopped else "nothing was stopped"
        self._stopped = self._needs_resume = False
        self._status.tell(state=ControllerStatus.HOLDING, reason=response.message)
        return response

    def _watch_idle(self) -> None:
        """Say why nothing moves, whether anybody commands or not."""
        silent = not recent(self._command_time, self._now(), self._settings.release_timeout)
        if self._stopped or not (silent or self._joints.clock_watch.problem):
            return
        try:
            self._posture()
        except ObservationError as error:
            self._status.tell(state=ControllerStatus.HOLDING, reason=str(error))
        else:
            self._status.tell(state=ControllerStatus.HOLDING, reason="nobody commands")


def _check_posture(robot: Robot, joints: np.ndarray) -> None:
    """Raise ObservationError if the hand does not point down."""
    if (tilt := float(robot.kinematics.tilt(joints))) > MAX_TILT:
        raise ObservationError(
            f"the hand is {tilt:.2f} rad from pointing straight down (at most {MAX_TILT}); "
            "bring the arm into its ready pose first"
        )


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(ControllerNode, "controller.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
