"""Makes gripper motion safe for the arm: gripper twists and commands in, joint trajectories out.

While the dead-man button of teleoperation is held, teleoperation is followed, otherwise the policy. A command is acted
upon when it comes, not at the next tick of a timer, because that would put up to a control period of delay into a
closed loop. What is let through, and what stops the arm until when, is decided by ``robots/safety_gate.py``; this node
translates. The reasons stand in ``robots/stop_reasons.py``.

Subscribes: ``joint_states``; ``gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper") and
``gripper_command`` (std_msgs/Bool, true: close) and the same under ``teleop/``. The hand points down,
always: of a twist's rotation only z counts.
Action: ``~/follow_joint_trajectory`` (control_msgs/FollowJointTrajectory), a motion that was planned as a whole. It is
made while nobody else commands, more slowly than asked where a limit wants it, and teleoperation ends it. What it may
touch, whoever plans it has looked at.
Commands the robot through the back end that the parameter ``back_end`` names, see ``ros/back_ends.py``.
Publishes: ``~/status`` (ControllerStatus); ``~/gripper_target`` (geometry_msgs/PoseStamped), for viewers;
``/diagnostics`` (diagnostic_msgs/DiagnosticArray).
Services (std_srvs/Trigger): ``~/stop``, after which nothing moves; ``~/resume``, after any stop.
Parameters: see ``ControllerParameters`` and ``config/controller.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from geometry_msgs.msg import PoseStamped, TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.subscription import MessageInfo
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from osil.choices import ROBOT
from osil.core import CONTROL_PERIOD
from osil.errors import ObservationError
from osil.robots.gate_config import GateConfig
from osil.robots.gate_status import State
from osil.robots.robot import load_robot
from osil.robots.safety_gate import Orders, SafetyGate
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.back_ends import BACK_ENDS, make_back_end
from osil.ros.diagnostics import GateDiagnostics
from osil.ros.joint_topic import hear_joints
from osil.ros.managed_node import ManagedNode
from osil.ros.parameters import declare, parameter, require
from osil.ros.planned_motions import PlannedMotions
from osil.ros.robot_status import RobotStatusWatch
from osil.ros.run_node import run_node
from osil.ros.sources import Sources
from osil.ros.status import StatusTopic
from osil.ros.timing import ClockWatch, pacing
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil_interfaces.msg import ControllerStatus

POLICY, TELEOPERATION = "policy", "teleoperation"

IDLE_PERIOD = 0.5
"""Seconds of the machine's clock between two looks at why nothing moves; simulated time may have stopped."""

TIMEOUTS = (CONTROL_PERIOD, 5.0)
"""Shortest and longest, seconds. What waits longer protects nobody."""

INTENDED = (None, StopReason.NO_COMMAND, StopReason.INACTIVE)
"""Why the arm rests where nothing is wrong; not logged."""

STATES = {
    State.HOLDING: ControllerStatus.HOLDING,
    State.FOLLOWING: ControllerStatus.FOLLOWING,
    State.STOPPED: ControllerStatus.STOPPED,
}


@dataclass(frozen=True)
class ControllerParameters:
    """Which arm, how it is commanded, when to hold, how fast to move and what the arm must not touch."""

    robot: str = parameter(ROBOT)
    back_end: str = parameter(f"how the robot is commanded: {' or '.join(BACK_ENDS)}")
    command_timeout: float = parameter("seconds without a command after which the arm slows down and holds", *TIMEOUTS)
    dead_man_timeout: float = parameter("seconds after teleoperation in which the policy stays locked out", *TIMEOUTS)
    joint_state_timeout: float = parameter("seconds after which a joint state counts as lost", *TIMEOUTS)
    unmoved_timeout: float = parameter("seconds after which what is commanded and does not move is stopped", *TIMEOUTS)
    block_size: float = parameter("edge length of the blocks, for which the hand opens, metres", SMALLEST, LARGEST)
    release_timeout: float = parameter("seconds without a command after which whoever commanded has let go", *TIMEOUTS)
    max_speed: float = parameter("of the gripper [m/s]; all motion is slowed down alike", 0.01, 1.0, live=True)
    acceleration_scaling: float = parameter(
        "factor on the robot's joint accelerations; at most 1 on a robot", 0.01, 20.0
    )
    lookahead: float = parameter("seconds after which the joints have the speed that was asked for", 0.1, 0.5)
    table_height: float = parameter("of the table top over the floor, under the fingers [m]; 0: the robot's", 0.0, 1.2)

    def __post_init__(self) -> None:
        require(self.back_end in BACK_ENDS, f"back_end {self.back_end!r}: expected {' or '.join(BACK_ENDS)}")


class ControllerNode(ManagedNode):
    """Lets commands through the safety gate to the robot."""

    def __init__(self) -> None:
        super().__init__("controller")
        self._settings = declare(self, ControllerParameters, self._adopt)

    def configure(self) -> None:
        """See ``ManagedNode``."""
        settings = self._settings
        self._robot = load_robot(settings.robot).opened_for(Blocks(settings.block_size))
        config = GateConfig(
            command_timeout=settings.command_timeout,
            dead_man_timeout=settings.dead_man_timeout,
            joint_state_timeout=settings.joint_state_timeout,
            unmoved_timeout=settings.unmoved_timeout,
            release_timeout=settings.release_timeout,
            max_speed=settings.max_speed,
            acceleration_scaling=settings.acceleration_scaling,
            lookahead=settings.lookahead,
            table_height=settings.table_height or self._robot.table.height,
        )
        self._gate = SafetyGate(self._robot, config, TELEOPERATION)
        self._gate.report(StopReason.INACTIVE, self.inactive)
        self._back_end = make_back_end(settings.back_end, self, self._robot)
        self._robot_status = RobotStatusWatch(self)
        self._planned_motions = PlannedMotions(self, self._robot, self._gate)
        self._clock_watch = ClockWatch(self)
        self._status = StatusTopic(self, topics.CONTROLLER_STATUS, ControllerStatus())
        self._diagnostics = GateDiagnostics(self, "safety gate")
        self._target = self.create_publisher(PoseStamped, topics.GRIPPER_TARGET, 1)
        self._sources: dict[str, Sources] = {}
        hear_joints(self, self._gate.read)
        for twist, grip, commander in (
            (topics.GRIPPER_TWIST, topics.GRIPPER, POLICY),
            (topics.TELEOP_GRIPPER_TWIST, topics.TELEOP_GRIPPER, TELEOPERATION),
        ):
            self._sources[commander] = Sources(self, twist)
            self.create_subscription(TwistStamped, twist, partial(self._follow, commander), 1)
            self.create_subscription(Bool, grip, partial(self._grip, commander), 1)
        self.create_service(Trigger, "~/stop", self._stop)
        self.create_service(Trigger, "~/resume", self._resume)
        self.create_timer(CONTROL_PERIOD, self._watch, clock=pacing(self))
        self.create_timer(IDLE_PERIOD, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def activate(self) -> None:
        """Let commands through, from whoever commands anew."""
        self._gate.report(StopReason.INACTIVE, "")

    def deactivate(self, why: str) -> None:
        """Bring the arm to rest."""
        self._gate.report(StopReason.INACTIVE, self.inactive)
        self._watch()

    def _adopt(self, settings: ControllerParameters) -> None:
        self._settings = settings
        self._gate.limit_speed(settings.max_speed)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _follow(self, commander: str, twist: TwistStamped, info: MessageInfo) -> None:
        self._sources[commander].hear_the_only(info)
        now = self._now()
        try:
            command = convert.to_command(twist)
        except ObservationError as error:
            self._carry_out(self._gate.refuse(now, commander, StopReason.WRONG_FRAME, str(error)))
        else:
            self._carry_out(self._gate.command(now, commander, command))

    def _grip(self, commander: str, message: Bool) -> None:
        self._carry_out(self._gate.grip(self._now(), commander, message.data))

    def _watch(self) -> None:
        self._gate.report(StopReason.CLOCK_STOPPED, self._clock_watch.problem)
        told = self._robot_status.problems()
        for reason, problem in {**told, **self._back_end.problems()}.items():
            self._gate.report(reason, told.get(reason) or problem)
        self._carry_out(self._gate.watch(self._now()))

    def _carry_out(self, orders: Orders) -> None:
        if orders.arm is not None:
            self._back_end.send(orders.arm)
            self._show_end(orders.arm)
        if orders.close is not None:
            self._back_end.grip(0.0 if orders.close else self._robot.gripper.opening)
        self._planned_motions.update()
        self._tell()

    def _show_end(self, trajectory: Trajectory) -> None:
        """Tell viewers where a trajectory brings the gripper."""
        robot, now = self._robot, self._now()
        lift = self._gate.joints.at([now], [robot.lift_joint])[0, 0] if robot.lift_joint else robot.lift
        end = robot.kinematics.forward(trajectory.positions[-1], lift)
        self._target.publish(convert.from_gripper_pose(end, now))

    def _tell(self) -> None:
        """Say what the gate does, where it is news."""
        status = self._gate.status
        state, name = STATES[status.state], status.reason.name if status.reason else ""
        if name != self._status.message.reason_name and status.reason not in INTENDED:
            if status.state is State.STOPPED:
                self.get_logger().error(f"stopped: {status.text}")
            else:
                self.get_logger().warning(f"holding: {status.text}", throttle_duration_sec=1.0)
        self._status.tell(state=state, commander=status.commander, reason=status.text, reason_name=name)
        self._diagnostics.tell_gate(status)

    def _stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Stop until somebody calls resume."""
        self._carry_out(self._gate.stop(self._now(), StopReason.OPERATOR_STOP))
        response.success, response.message = True, self._gate.status.text
        return response

    def _resume(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Take up commands again, from where the arm is now."""
        stopped = self._gate.status.state is State.STOPPED
        problem = self._gate.resume(self._now())
        response.success = not problem
        response.message = problem or ("ready for new commands" if stopped else "nothing was stopped")
        self._tell()
        return response


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(ControllerNode, "controller.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
