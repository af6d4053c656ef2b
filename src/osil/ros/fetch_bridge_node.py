"""The bridge to a real Fetch: this stack's topics on one side, the vendor's ROS 1 actions over rosbridge on the other.

Each trajectory becomes a goal that takes the place of the last and comes to rest by itself, so the arm stops when this
node, the network or the controller dies. Nothing is sent on a connection that is lost or silent. Joint states come in
two kinds of messages and go out merged, stamped by this machine's clock: the difference between the clocks is measured.
The gripper is told once for each change, and anew by the first command after a new connection.

Subscribes: ``arm_controller/joint_trajectory`` and ``gripper_controller/joint_trajectory``
(trajectory_msgs/JointTrajectory).
Publishes: ``joint_states`` (sensor_msgs/JointState); ``robot_status`` (RobotStatus): run-stop, faults and a lost
connection, upon which the controller stops until it is told to resume.
Parameters: see ``FetchBridgeParameters`` and ``config/fetch_bridge.yaml``. What runs on the robot: docs/fetch.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from osil.choices import ROBOT
from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.fetch_bridge.clock_offset import ClockOffset
from osil.fetch_bridge.goals import (
    ARM_ACTION,
    ARM_GOAL_TYPE,
    ARM_RESULT_TYPE,
    GRIPPER_ACTION,
    GRIPPER_GOAL_TYPE,
    ArmGoals,
    arm_goal,
    gripper_goal,
)
from osil.fetch_bridge.joint_merger import JointMerger
from osil.fetch_bridge.link import CONNECTED, TIME, Event, Link
from osil.fetch_bridge.robot_state import RobotState
from osil.robots.robot import load_robot
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.ros.status import StatusTopic
from osil_interfaces.msg import RobotStatus

ARM_GOAL, ARM_RESULT, GRIPPER_GOAL = f"{ARM_ACTION}/goal", f"{ARM_ACTION}/result", f"{GRIPPER_ACTION}/goal"
JOINT_STATES, ROBOT_STATE, RUNSTOP = "/joint_states", "/robot_state", "/software_runstop_enabled"
PUBLISHED = {ARM_GOAL: ARM_GOAL_TYPE, GRIPPER_GOAL: GRIPPER_GOAL_TYPE}
SUBSCRIBED = {
    JOINT_STATES: "sensor_msgs/JointState",
    ROBOT_STATE: "fetch_driver_msgs/RobotState",
    RUNSTOP: "std_msgs/Bool",
    ARM_RESULT: ARM_RESULT_TYPE,
}
"""Topics on the robot, and their types there."""

HUSH = 0.1
"""Seconds without a message after which no goal is sent: what a network holds up arrives late, all at once."""

LOST = 1.0
"""Seconds without a message after which the connection is lost. Joint states come 200 times a second."""

UNREADABLE = ObservationError, LookupError, TypeError, ValueError, ArithmeticError, SystemError
"""What reading a message may end in that something else than the robot's drivers has sent."""

TIME_PERIOD = 0.5
"""Seconds from one question about the robot's time to the next."""


@dataclass(frozen=True)
class FetchBridgeParameters:
    """Where the robot is, and how hard its fingers close."""

    robot: str = parameter(ROBOT)
    host: str = parameter("where rosbridge listens: the robot, or localhost at the end of an ssh tunnel")
    port: int = parameter("on which rosbridge listens", 1, 65535)
    gripper_effort: float = parameter("greatest force of the fingers, newtons", 1.0, 60.0, live=True)


class FetchBridgeNode(Node):
    """Topics here, rosbridge there."""

    def __init__(self) -> None:
        super().__init__("fetch_bridge")
        settings = declare(self, FetchBridgeParameters, self._adopt)
        self._robot, self._effort = load_robot(settings.robot), settings.gripper_effort
        self._offset, self._state = ClockOffset(), RobotState()
        self._joints = JointMerger(self._robot.arm_joints[0])
        self._goals = ArmGoals(self._robot)
        self._measured: FloatArray | None = None  # where the arm's joints were last
        self._told: float | None = None  # that the gripper was told on this connection
        self._hushed = False
        self._where = f"rosbridge at {settings.host}:{settings.port}"
        self._joint_states = self.create_publisher(JointState, topics.JOINT_STATES, 10)
        self._status = StatusTopic(self, topics.ROBOT_STATUS, RobotStatus())
        self._woken = self.create_guard_condition(self._take_in)
        self._link = Link(settings.host, settings.port, PUBLISHED, SUBSCRIBED, self._woken.trigger)
        self._tell()
        self.create_subscription(JointTrajectory, topics.ARM_TRAJECTORY, self._command_arm, 1)
        self.create_subscription(JointTrajectory, topics.GRIPPER_TRAJECTORY, self._command_gripper, 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(CONTROL_PERIOD, self._watch, clock=steady)
        self.create_timer(TIME_PERIOD, self._link.ask_time, clock=steady)

    def _adopt(self, settings: FetchBridgeParameters) -> None:
        self._effort = settings.gripper_effort

    def destroy_node(self) -> None:
        """Part from the robot before anything is gone that its messages need."""
        if hasattr(self, "_link"):  # else it could not be made
            self._link.close()
        super().destroy_node()

    def _take_in(self) -> None:
        for event in self._link.events():
            try:
                self._heed(event)
            except UNREADABLE as error:
                self.get_logger().warning(f"{event.name}: {error!r}; dropped", throttle_duration_sec=1.0)
        self._tell()

    def _heed(self, event: Event) -> None:
        if event.name == CONNECTED:
            self._greet()
        elif event.name == TIME:
            asked, theirs = event.content
            self._offset.add(asked, theirs, event.arrived)
        elif event.name == JOINT_STATES:
            self._pass_on(event)
        elif event.name == ROBOT_STATE:
            self._state.hear_state(event.content, time.monotonic())
        elif event.name == RUNSTOP:
            self._state.hear_software_runstop(event.content)
        elif event.name == ARM_RESULT:
            self._state.hear_arm_result(event.content, time.monotonic())

    def _greet(self) -> None:
        """A new connection: all that was known may have changed."""
        self.get_logger().info(f"connected to {self._where}")
        self._state.forget()
        self._offset.forget()
        self._told = None
        self._link.ask_time()

    def _pass_on(self, event: Event) -> None:
        readings = self._joints.add(event.content)
        if readings is None:
            return
        if set(arm := self._robot.arm_joints) <= set(readings.names):
            self._measured = convert.pick(dict(zip(readings.names, readings.positions, strict=True)), arm)
        if self._offset.known:
            stamp = self._offset.to_ours(readings.stamp)
            self._joint_states.publish(
                convert.from_joints(readings.names, readings.positions, readings.velocities, readings.efforts, stamp)
            )

    def _command_arm(self, message: JointTrajectory) -> None:
        if not self._reaches or self._measured is None:
            return
        try:
            now = time.monotonic()
            told = self._goals.told(now, self._measured)
            trajectory = self._goals.meet(convert.to_trajectory(message, self._robot.arm_joints, *told))
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        self._send(trajectory, now)

    def _send(self, trajectory: Trajectory, now: float) -> None:
        if self._link.send(ARM_GOAL, arm_goal(self._robot, trajectory, time.time_ns())):
            self._goals.sent(trajectory, now)

    def _watch(self) -> None:
        """Once in each control period, also where nothing is heard."""
        hushed, self._hushed = self._hushed, self._link.silence > HUSH
        if self._hushed and not hushed and not self._problem():
            now = time.monotonic()
            if (last := self._goals.last_word(now)) is not None:
                self._send(last, now)
        self._tell()

    def _command_gripper(self, message: JointTrajectory) -> None:
        try:
            targets, _ = convert.to_joint_targets(message)
            opening = float(convert.pick(targets, self._robot.gripper.joints).sum())
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        # Whoever commands says it again until the fingers begin to move.
        if (
            self._reaches
            and opening != self._told
            and self._link.send(GRIPPER_GOAL, gripper_goal(opening, self._effort))
        ):
            self._told = opening

    @property
    def _reaches(self) -> bool:
        """Whether a goal would be heeded, and at once."""
        return not self._problem() and self._link.silence <= HUSH

    def _problem(self) -> tuple[StopReason, str] | None:
        """Why the robot cannot be commanded; None: it can."""
        if not self._link.connected:
            return StopReason.LOST_CONNECTION, f"no connection to {self._where}; does it run, is the network up?"
        if (silence := self._link.silence) > LOST:
            return StopReason.LOST_CONNECTION, f"nothing has come from {self._where} for {silence:.1f} s"
        if not self._offset.known:
            return StopReason.LOST_CONNECTION, f"{self._where} has not told the time; does rosapi run beside it?"
        return self._state.problem(time.monotonic())

    def _tell(self) -> None:
        reason, text = self._problem() or (None, "")
        if reason is not None:
            self._told = None  # fingers without power let go, and a lost robot may have been without
        name = reason.name if reason else ""
        if name not in ("", self._status.message.reason_name):
            self.get_logger().warning(text)
        self._status.tell(reason_name=name, reason=text)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(FetchBridgeNode, "fetch_bridge.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
