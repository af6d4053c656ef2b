"""The controller before an arm that takes goals of actions instead of topics."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from rclpy.action import ActionServer, GoalResponse
from rclpy.action.server import ServerGoalHandle
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from control_msgs.action import FollowJointTrajectory, GripperCommand
from osil.core import Action
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.ros.status import StatusTopic
from osil_interfaces.msg import ControllerStatus, RobotStatus

from .spinning import SpinningNode

FETCH = load_robot("fetch")

LEFT = [Action(np.array([0.0, 0.012, 0.0]), np.bool_(False))]


class ArmServer(SpinningNode):
    """Offers the actions of ros2_control's controllers, and hands what they are told to the simulation.

    Attributes:
        efforts: greatest efforts of the gripper commands that came, newtons.
        failure: how goals of the arm end: empty, well.
    """

    def __init__(self) -> None:
        super().__init__("arm_server")
        self.efforts: list[float] = []
        self.failure = ""
        self._arm = self.create_publisher(JointTrajectory, topics.ARM_TRAJECTORY, 1)
        self._gripper = self.create_publisher(JointTrajectory, topics.GRIPPER_TRAJECTORY, 1)
        forget = {"result_timeout": 1}  # seconds: rclpy cannot destroy a server that remembers results
        arm = ActionServer(
            self, FollowJointTrajectory, topics.ARM_ACTION, self._follow, goal_callback=self._answer, **forget
        )
        self._servers = [arm, ActionServer(self, GripperCommand, topics.GRIPPER_ACTION, self._grip, **forget)]
        self.spin()

    def destroy_node(self) -> None:
        while self._servers:
            self._servers.pop().destroy()
        super().destroy_node()

    def _answer(self, goal: FollowJointTrajectory.Goal) -> GoalResponse:
        return GoalResponse.REJECT if self.failure == "rejected" else GoalResponse.ACCEPT

    def _follow(self, goal: ServerGoalHandle) -> FollowJointTrajectory.Result:
        if self.failure == "aborted":
            goal.abort()
            code = FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED
            return FollowJointTrajectory.Result(error_code=code, error_string="off the path")
        self._arm.publish(goal.request.trajectory)
        goal.succeed()
        return FollowJointTrajectory.Result()

    def _grip(self, goal: ServerGoalHandle) -> GripperCommand.Result:
        command = goal.request.command
        self.efforts.append(command.max_effort)
        fingers = np.full(2, 0.5 * command.position)
        self._gripper.publish(convert.from_joint_targets(FETCH.gripper.joints, fingers, 0.5))
        goal.succeed()
        return GripperCommand.Result(reached_goal=True)


@pytest.fixture(scope="module")
def server(processes: NodeProcesses, client: Client, hand) -> Iterator[ArmServer]:
    server = ArmServer()
    processes.start("simulation", {"num_blocks": 2})
    processes.start("controller", {"back_end": "action"})
    client.reset_scene(2, 0)
    hand.connect()
    yield server
    server.close()


@pytest.fixture
def status(server: ArmServer, hand, client: Client) -> Iterator[list[ControllerStatus]]:
    """All that the controller says of itself; nothing is stopped at the start."""
    server.failure = ""
    hand.wait(1.5)
    assert client.call("controller/resume", Trigger).success
    heard: list[ControllerStatus] = []
    subscription = hand.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, heard.append, topics.LATCHED)
    yield heard
    hand.destroy_subscription(subscription)


def test_the_arm_follows_and_the_fingers_close(server: ArmServer, status: list[ControllerStatus], hand) -> None:
    start = hand.gripper().position
    hand.command(LEFT * 12)
    assert hand.until(lambda: hand.gripper().position[1] - start[1] > 0.10)
    hand.command([Action(np.zeros(3), np.bool_(True))] * 20)
    assert hand.until(lambda: hand.opening() < 0.005)
    assert min(server.efforts) > 0.0, "0 means torque off to some grippers"
    assert all(one.state != ControllerStatus.STOPPED for one in status)


@pytest.mark.parametrize(
    ("failure", "words"), [("rejected", "rejects the trajectory"), ("aborted", "given up the trajectory: off the path")]
)
def test_a_goal_that_fails_stops_until_resumed(
    failure: str, words: str, server: ArmServer, status: list[ControllerStatus], hand, client: Client
) -> None:
    server.failure = failure
    hand.command(LEFT * 3)
    assert hand.until(lambda: status[-1].reason_name == "FAULT")
    assert words in status[-1].reason
    server.failure = ""
    start = hand.gripper().position
    hand.command(LEFT * 30)
    assert np.abs(hand.gripper().position - start).max() < 1e-3
    assert client.call("controller/resume", Trigger).success
    hand.command([Action(np.array([0.0, -0.012, 0.0]), np.bool_(False))] * 10)
    assert hand.until(lambda: start[1] - hand.gripper().position[1] > 0.05)


def test_what_a_driver_says_of_the_robot_stops_it_until_resumed(
    server: ArmServer, status: list[ControllerStatus], hand, client: Client
) -> None:
    driver = StatusTopic(server, topics.ROBOT_STATUS, RobotStatus(reason_name="RUN_STOP", reason="pressed"))
    assert hand.until(lambda: bool(status) and status[-1].reason_name == "RUN_STOP")
    start = hand.gripper().position
    hand.command(LEFT * 10)
    assert np.abs(hand.gripper().position - start).max() < 1e-3
    driver.tell(reason_name="", reason="")
    assert hand.until(lambda: client.call("controller/resume", Trigger).success)
    hand.command([Action(np.array([0.0, -0.012, 0.0]), np.bool_(False))] * 10)
    assert hand.until(lambda: start[1] - hand.gripper().position[1] > 0.05)


def test_a_server_that_is_gone_is_a_lost_connection(server: ArmServer, status: list[ControllerStatus], hand) -> None:
    server.close()
    assert hand.until(lambda: bool(status) and status[-1].reason_name == "LOST_CONNECTION")
    assert topics.ARM_ACTION in status[-1].reason
