"""Makes gripper motion safe for the arm: gripper twists and commands in, joint trajectories out.

While the dead-man button of teleoperation is held, teleoperation is followed, otherwise the policy. A command is acted
upon when it comes, not at the next tick of a timer, because that would put up to a control period of delay into a
closed loop. When commands or joint states stop coming or are not finite, the arm slows down and holds.

Subscribes: ``joint_states``; ``gripper_twist_command`` (geometry_msgs/TwistStamped, frame "gripper") and
``gripper_command`` (std_msgs/Bool, true: close) and the same under ``teleop/``.
Publishes: ``arm_controller/joint_trajectory``, ``gripper_controller/joint_trajectory`` (trajectory_msgs/JointTrajectory
of one point).
Parameters: see ``ControllerParameters`` and ``config/controller.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import Bool
from trajectory_msgs.msg import JointTrajectory

from osil.core import CONTROL_PERIOD, Action
from osil.errors import ObservationError
from osil.ros import convert, topics
from osil.ros.observing import Joints
from osil.ros.parameters import declare, parameter, require
from osil.ros.spin import spin
from osil.worlds.controller import FetchController
from osil.worlds.fetch_arm import ARM_JOINTS, FINGER_SPEED

SLOWING_STEPS = 4
"""Control steps of zero motion that bring the set point to rest from full speed, given its slew limit."""

MOVED = 0.2
"""A joint that is so far (radians) from its target was moved by something else."""


@dataclass(frozen=True)
class ControllerParameters:
    """When to hold, and how far the gripper opens."""

    command_timeout: float = parameter("seconds without a command after which the arm slows down and holds")
    dead_man_timeout: float = parameter("seconds after the last teleoperation in which the policy stays locked out")
    joint_state_timeout: float = parameter("seconds after which a joint state counts as lost")
    opening: float = parameter("distance between the finger pads when open [m]")

    def __post_init__(self) -> None:
        timeouts = (self.command_timeout, self.dead_man_timeout, self.joint_state_timeout)
        require(min(timeouts) >= CONTROL_PERIOD, f"timeouts {timeouts}: expected at least {CONTROL_PERIOD} s each")
        require(0.05 <= self.opening <= 0.10, f"opening {self.opening}: expected 0.05 to 0.10 m")


class ControllerNode(Node):
    """Follows whoever is in charge, within the limits of FetchController."""

    def __init__(self) -> None:
        super().__init__("controller")
        self._settings = declare(self, ControllerParameters)
        self._controller = FetchController()
        self._joints = Joints(self, self._settings.joint_state_timeout)
        self._teleop_time = self._step_time = 0
        self._slowing = SLOWING_STEPS  # nobody has commanded yet: holding
        self._targets = np.zeros(len(ARM_JOINTS))
        self._closed: bool | None = None
        self._arm = self.create_publisher(JointTrajectory, topics.ARM_TRAJECTORY, 1)
        self._gripper = self.create_publisher(JointTrajectory, topics.GRIPPER_TRAJECTORY, 1)
        self.create_subscription(TwistStamped, topics.GRIPPER_TWIST, self._follow, 1)
        self.create_subscription(Bool, topics.GRIPPER, self._grip, 1)
        self.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, partial(self._follow, teleop=True), 1)
        self.create_subscription(Bool, topics.TELEOP_GRIPPER, partial(self._grip, teleop=True), 1)
        self.create_timer(CONTROL_PERIOD, self._watch)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _since(self, nanoseconds: int) -> float:
        return (self._now() - nanoseconds) / convert.NANOSECONDS

    def _locked_out(self, teleop: bool) -> bool:
        """Whether somebody with precedence is in charge."""
        if teleop:
            self._teleop_time = self._now()
        return not teleop and self._since(self._teleop_time) < self._settings.dead_man_timeout

    def _follow(self, twist: TwistStamped, teleop: bool = False) -> None:
        stamp = convert.to_nanoseconds(twist.header.stamp) or self._now()
        if self._locked_out(teleop) or self._since(stamp) > self._settings.command_timeout:
            return
        # The motion lasts as long as the command was in force before: a faster stream takes shorter steps.
        seconds = min((stamp - self._step_time) / convert.NANOSECONDS, CONTROL_PERIOD)
        if seconds < 0.5 * CONTROL_PERIOD:
            return
        try:
            self._step(convert.to_action(twist, False, seconds), seconds)
        except ObservationError as error:
            self.get_logger().warning(f"holding: {error}", throttle_duration_sec=1.0)
            return
        self._step_time, self._slowing = stamp, 0

    def _step(self, action: Action, seconds: float) -> None:
        joints = self._joints.arm()
        if self._slowing >= SLOWING_STEPS or np.abs(joints - self._targets).max() > MOVED:
            self._controller.reset(joints)
        self._targets = self._controller.step(action.displacement, float(action.yaw_step), joints)
        self._arm.publish(convert.from_joint_targets(ARM_JOINTS, self._targets, seconds))

    def _watch(self) -> None:
        """Slow down and hold once commands have stopped coming."""
        if self._slowing >= SLOWING_STEPS or self._since(self._step_time) < self._settings.command_timeout:
            return
        try:
            self._step(Action(np.zeros(3), np.False_), CONTROL_PERIOD)
        except ObservationError:  # the robot cannot be seen: its last target is the best hold there is
            self._slowing = SLOWING_STEPS
        self._slowing += 1
        if self._slowing >= SLOWING_STEPS:
            self._closed = None  # whatever comes next is told to the gripper anew

    def _grip(self, message: Bool, teleop: bool = False) -> None:
        if self._locked_out(teleop) or message.data == self._closed:
            return
        self._closed = message.data
        opening = 0.0 if self._closed else self._settings.opening
        seconds = 0.5 * self._settings.opening / FINGER_SPEED
        fingers = np.full(len(convert.FINGER_JOINTS), 0.5 * opening)
        self._gripper.publish(convert.from_joint_targets(convert.FINGER_JOINTS, fingers, seconds))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return spin(ControllerNode, "controller.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
