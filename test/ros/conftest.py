"""Real nodes in processes of their own, in a ROS domain of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="ROS 2 is not installed")
pytest.importorskip("osil_interfaces", reason="osil_interfaces is not built")

import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Bool

from osil.core import CONTROL_PERIOD, Action
from osil.resources import resource_path
from osil.robots.frames import GRIPPER_FRAME
from osil.robots.kinematics import GripperPose
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.joystick import Joystick
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import BlockPoseArray

from .launched import Launch

FETCH = load_robot("fetch")

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["ROS_DOMAIN_ID"] = str(40 + (os.getpid() % 20 + 20 * WORKER) % 60)


@pytest.fixture(scope="module")
def ros() -> Iterator[None]:
    """ROS in this process."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    yield
    rclpy.try_shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For demonstrations and logs."""
    return tmp_path_factory.mktemp("ros")


@pytest.fixture(scope="module")
def processes(folder: Path, ros: None) -> Iterator[NodeProcesses]:
    """Nothing runs in it yet."""
    with NodeProcesses(folder / "logs", {"OMP_NUM_THREADS": "1"}) as processes:
        yield processes


@pytest.fixture(scope="module")
def client(processes: NodeProcesses) -> Iterator[Client]:
    """A client of the nodes in ``processes``."""
    client = Client(processes, FETCH)
    yield client
    client.close()


@pytest.fixture(scope="session")
def pad() -> Joystick:
    """The joystick of config/teleop.yaml."""
    values = yaml.safe_load(resource_path("config", "teleop.yaml").read_text())["/**"]["ros__parameters"]
    return Joystick(**{field.name: values[field.name] for field in fields(Joystick)})


class Hand(Node):
    """Sees the robot, and commands it on any of the three ways, once in each control period of simulated time."""

    def __init__(self, pad: Joystick) -> None:
        super().__init__("hand")
        self._pad = pad
        self.stamp = 0
        self.joints: dict[str, float] = {}
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        self.create_subscription(JointState, topics.JOINT_STATES, self._store_joints, topics.NEWEST)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._store_blocks, topics.NEWEST)
        self._twists = {
            way: self.create_publisher(TwistStamped, topic, 1)
            for way, topic in (("policy", topics.GRIPPER_TWIST), ("teleop", topics.TELEOP_GRIPPER_TWIST))
        }
        self._grippers = {
            way: self.create_publisher(Bool, topic, 1)
            for way, topic in (("policy", topics.GRIPPER), ("teleop", topics.TELEOP_GRIPPER))
        }
        self._joy = self.create_publisher(Joy, topics.JOY, 1)

    def close(self) -> None:
        self._spinner.shutdown()
        self.destroy_node()

    def _store_joints(self, message: JointState) -> None:
        self.joints = convert.to_joint_positions(message)

    def _store_blocks(self, message: BlockPoseArray) -> None:
        self.stamp = convert.to_nanoseconds(message.header.stamp)

    def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> bool:
        deadline = time.monotonic() + seconds
        while not (met := condition()) and time.monotonic() < deadline:  # once more would be a second deed
            self._spinner.spin_once(0.05)
        return met

    def wait(self, seconds: float) -> None:
        """Of simulated time."""
        end = self.stamp + int(seconds * convert.NANOSECONDS)  # whole, because a float of today's time is not exact
        assert self.until(lambda: self.stamp >= end), "the simulation stands still"

    def connect(self) -> None:
        """Wait until everything that shall listen does."""
        publishers = [*self._twists.values(), *self._grippers.values()]
        assert self.until(lambda: all(publisher.get_subscription_count() for publisher in publishers))
        assert self.until(lambda: bool(self.joints) and self.stamp > 0)

    def gripper(self) -> GripperPose:
        return FETCH.kinematics.forward(convert.pick(self.joints, FETCH.arm_joints), FETCH.lift)

    def opening(self) -> float:
        return float(convert.pick(self.joints, FETCH.gripper.joints).sum())

    def command(
        self,
        actions: Sequence[Action],
        way: str = "policy",
        frame: str = GRIPPER_FRAME,
        period: float = CONTROL_PERIOD,
    ) -> float:
        """One action each ``period`` (seconds), as twist and gripper command. Returns the control periods it took."""
        self.wait(CONTROL_PERIOD)  # so that the first stamp is not an old one
        began = self.stamp
        for action in actions:
            twist = convert.from_action(action, self.stamp, CONTROL_PERIOD)
            twist.header.frame_id = frame
            self._grippers[way].publish(Bool(data=bool(action.close_gripper)))
            self._twists[way].publish(twist)
            self.wait(period)
        return self._periods_since(began)

    def _periods_since(self, stamp: int) -> float:
        return (self.stamp - stamp) / (CONTROL_PERIOD * convert.NANOSECONDS)

    def steer(self, actions: Sequence[Action]) -> float:
        """One action a control period, with the joystick. Returns the control periods that it took."""
        assert self.until(lambda: self._joy.get_subscription_count() > 0)
        self.wait(CONTROL_PERIOD)  # so that the first stamp is not an old one
        began = self.stamp
        for action in actions:
            self._joy.publish(self._pad.encode(action))
            self.wait(CONTROL_PERIOD)
        self._joy.publish(Joy(axes=[0.0] * 6, buttons=[0] * 11))  # and let go
        return self._periods_since(began)


@pytest.fixture(scope="module")
def hand(ros: None, pad: Joystick) -> Iterator[Hand]:
    hand = Hand(pad)
    yield hand
    hand.close()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Launch]]:
    """Starts sim.launch.py with arguments, and with variables of the environment."""
    launches: list[Launch] = []

    def start(*arguments: str, **environment: str) -> Launch:
        launches.append(Launch(tmp_path / f"{len(launches)}.log", *arguments, **environment))
        return launches[-1]

    yield start
    for launched in launches:
        launched.process.kill()
        launched.process.wait()
        launched.until(lambda one=launched: not one.nodes())
