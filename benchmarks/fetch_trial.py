"""One thing that goes wrong amid a motion of a fake Fetch, and what the arm does then."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from fetch_stream import FETCH, LEFT, MOVING, WINDOW, Commander, acceleration, start
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.action import ActionClient
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from control_msgs.action import FollowJointTrajectory
from osil.core import CONTROL_PERIOD, FloatArray
from osil.geometry import rotate_z
from osil.robots.kinematics import GripperPose
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.node_processes import NodeProcesses
from osil.worlds.arm_simulation import PHYSICS_STEP
from osil_interfaces.msg import ControllerStatus, RobotStatus
from ros.fake_fetch import FakeFetch

SPEED = 0.15
"""Of the gripper when something goes wrong and when all is well again, m/s."""

DRIVEN = 16
"""Control periods for which the gripper moves before something goes wrong, and when all is well again."""

AFTER = 1.0
"""Seconds for which commands go on after the injection, or after the reason was given where that takes longer; from
then on the arm must not move at all."""

LONGEST = 12.0
"""Seconds within which a reason must be given. Fingers are given 3 s, and a limit may be far away."""

HOME = FETCH.kinematics.forward(FETCH.ready(), FETCH.lift).position
"""From where the gripper begins each time, ``[3]`` metres."""

NEAR = 0.02
"""Metres from it that are near enough."""

Act = Callable[[], None]


def nothing() -> None:
    """An act that is none."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        inject: brings it about.
        end: all is well again.
        awaited: the reason, or one of these, is given only after a while: what is told of the arm begins then.
        velocity: ``[3]`` m/s, base frame, that is commanded from the injection on, of a gripper pose; None: none, until
            an awaited reason was given, and else to the side, as before.
        brief: commands end as soon as the reason is given, because the gate follows what it can of a command that
            leads where the arm may not be, and takes commands again once a motion has ended.
    """

    inject: Act = nothing
    end: Act = nothing
    awaited: Collection[StopReason] = ()
    velocity: Callable[[GripperPose], FloatArray] | None = None
    brief: bool = False


@dataclass(frozen=True)
class Outcome:
    """Of one injection: see the columns of the table."""

    reason: str
    rest: float
    speed: float
    acceleration: float
    creep: float
    goes_on: bool


class Trial:
    """Injects faults into a fake Fetch, its connection and its nodes."""

    def __init__(self, fetch: FakeFetch, commander: Commander, processes: NodeProcesses) -> None:
        self.fetch, self.commander, self.processes = fetch, commander, processes
        self._heard: list[ControllerStatus] = []
        self._robot: RobotStatus | None = None
        commander.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, self._hear, topics.LATCHED)
        commander.create_subscription(RobotStatus, topics.ROBOT_STATUS, self._hear_robot, topics.LATCHED)
        self._gripper = commander.create_publisher(Bool, topics.GRIPPER, 1)
        self._planned = ActionClient(commander, FollowJointTrajectory, topics.PLANNED_MOTION)
        for node in ("fetch_bridge", "controller"):
            start(processes, node, fetch.port)

    def _hear(self, status: ControllerStatus) -> None:
        self._heard.append(status)

    def _hear_robot(self, status: RobotStatus) -> None:
        self._robot = status

    def _reached(self) -> bool:
        return self._robot is not None and not self._robot.reason_name

    def _reason(self) -> str:
        """Why the arm was stopped, or else why it was held."""
        stops = [one.reason_name for one in self._heard if one.state == ControllerStatus.STOPPED]
        holds = [one.reason_name for one in self._heard if one.reason_name not in ("", "NO_COMMAND")]
        told = [one.reason_name for one in self._heard]
        reasons: list[str] = stops or holds or told or [""]
        return reasons[-1]

    def forget(self) -> None:
        """What the controller has told."""
        self._heard.clear()

    def restart(self, node: str) -> None:
        """Controller or bridge; until then the robot is reached again, or else the arm is stopped once more."""
        self.processes.stop([node])
        if node == "fetch_bridge":
            self._robot = None
        start(self.processes, node, self.fetch.port)
        self.commander.wait(self._reached, "the bridge", 60.0)

    def change(self, transition: int) -> None:
        change = Transition(id=transition)
        assert self.commander.call("controller/change_state", ChangeState, transition=change).success

    def grip_in_vain(self) -> None:
        self.fetch.deaf = True
        self._gripper.publish(Bool(data=True))

    def open(self) -> None:
        self.fetch.honest()
        self._gripper.publish(Bool(data=False))

    def set_off(self) -> None:
        """Nobody commands, and the arm is amid a motion that was planned as a whole."""
        commander, start = self.commander, self.fetch.joints
        commander.pause(time.monotonic() + 1.2)
        ways = self.fetch.joints + np.outer([0.0, 0.4], np.eye(len(FETCH.arm_joints))[0])
        motion = Trajectory(np.array([0.0, 2.0]), ways, np.zeros_like(ways))
        goal = FollowJointTrajectory.Goal(trajectory=convert.from_planned_trajectory(FETCH.arm_joints, motion))
        self._planned.send_goal_async(goal)
        commander.topic = topics.TELEOP_GRIPPER_TWIST  # which takes over: the policy does not
        commander.wait(lambda: bool(np.abs(self.fetch.joints - start).max() > 0.1), "the planned motion", LONGEST)

    def run(self, fault: Fault, direction: int) -> Outcome:
        """One injection amid a motion to the left (1) or right (-1)."""
        commander, fetch = self.commander, self.fetch
        self._resume()
        self._go_home()
        sideways = direction * SPEED * LEFT
        commander.drive(np.tile(sideways, (DRIVEN, 1)))
        injected, begun = fetch.now(), len(fetch.measured)
        self._heard.clear()
        fault.inject()
        if fault.awaited:
            self._command_until_told(fault)
            injected, begun = fetch.now(), len(fetch.measured)
        if fault.brief:
            commander.pause(time.monotonic() + AFTER)
        else:
            commander.drive(np.tile(sideways, (round(AFTER / CONTROL_PERIOD), 1)))
        reason = self._reason()
        fault.end()
        commander.pause(time.monotonic() + 0.5)
        rested = begun + round(AFTER / PHYSICS_STEP)  # in the time of the robot, which a busy machine holds up
        commander.wait(lambda: len(fetch.measured) > rested, "the robot", 60.0)
        resumed = fetch.now()
        creep = np.ptp([joints for _, joints in fetch.measured[rested:]], axis=0).max()
        self._resume()
        before = fetch.joints
        commander.drive(np.tile(-sideways, (DRIVEN, 1)))
        goes_on = bool(np.abs(fetch.joints - before).max() > 0.02)
        rest, speed, acceleration = self._motion(injected, resumed)
        return Outcome(reason, rest, speed, acceleration, float(creep), goes_on)

    @property
    def _gripper_pose(self) -> GripperPose:
        return FETCH.kinematics.forward(self.fetch.joints, FETCH.lift)

    def _command(self, velocity: FloatArray) -> None:
        """For one control period, ``[3]`` m/s in the base frame."""
        self.commander.drive(rotate_z(velocity, -self._gripper_pose.yaw)[None])

    def _command_until_told(self, fault: Fault) -> None:
        deadline = time.monotonic() + LONGEST
        while not {one.reason_name for one in self._heard} & {reason.name for reason in fault.awaited}:
            if time.monotonic() > deadline:
                heard = ", ".join({one.reason_name for one in self._heard})
                raise SystemExit(f"expected {fault.awaited} within {LONGEST:g} s, heard: {heard or 'nothing'}")
            self._command(fault.velocity(self._gripper_pose) if fault.velocity else np.zeros(3))

    def _go_home(self) -> None:
        """To where the gripper began."""
        deadline = time.monotonic() + LONGEST
        while np.linalg.norm(left := HOME - self._gripper_pose.position) > NEAR:
            if time.monotonic() > deadline:
                raise SystemExit(f"the gripper does not come back to {HOME.tolist()}")
            self._command(left * min(2.0, SPEED / float(np.linalg.norm(left))))

    def _call(self, service: str) -> bool:
        return bool(self.commander.call(service, Trigger).success)

    def demand(self, service: str) -> None:
        assert self._call(service)

    def _resume(self) -> None:
        self.commander.wait(self._resumed, "the robot", 60.0)

    def _resumed(self) -> bool:
        """For good: a bridge that tells late that it had no connection yet stops the arm once more."""
        resumed = self._call("controller/resume")
        self.commander.pause(time.monotonic() + 0.7)
        return resumed and not (self._heard and self._heard[-1].state == ControllerStatus.STOPPED)

    def _motion(self, since: float, until: float) -> tuple[float, float, float]:
        """When the arm was told to rest; greatest speed and acceleration told, as shares of the limits."""
        chosen = [one for one in self.fetch.commanded if since <= one[0] <= until]
        times, told = np.array([now for now, _ in chosen]), np.array([joints for _, joints in chosen])
        if len(times) <= WINDOW + 1:  # the power was cut
            return 0.0, 0.0, 0.0
        speeds = np.diff(told, axis=0) / np.diff(times)[:, None]
        moving = times[1:][np.abs(speeds).max(1) > MOVING]
        rest = float(moving.max()) - since if len(moving) else 0.0
        return rest, float((np.abs(speeds) / FETCH.speed).max()), acceleration(times, speeds)
