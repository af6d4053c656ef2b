"""Sends to everything that the nodes listen to, and watches the nodes and what they make the arm do."""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import TwistStamped
from hypothesis import strategies as st
from rcl_interfaces.srv import GetParameters
from rclpy.action import ActionClient, get_action_names_and_types
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from control_msgs.action import FollowJointTrajectory
from osil.core import CONTROL_PERIOD
from osil.robots.robot import load_robot
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.client import ASK_AGAIN
from osil.ros.joystick import Joystick
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil_interfaces.action import Imitate
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import ResetScene, StartRecording

from .command_judge import CommandJudge
from .letters import Letter, corrupted, interface, letters, spoil

FETCH = load_robot("fetch")

NODES = (*SIMULATION_NODES, "operator")

PATIENCE = 60.0
"""Seconds after which a node that does not answer hangs."""

RESUME = "/controller/resume"

STOPPED_FOR = 4
"""Rounds after which somebody sets the arm going again: much of what is sent stops it."""

EVERY = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Fits every reader."""


class Attacker(Node):
    """A client of all nodes at once that means no good.

    Attributes:
        faults: of the nodes, each with what was sent before it.
        sent: messages, requests and goals so far.
    """

    def __init__(self, processes: NodeProcesses, pad: Joystick) -> None:
        super().__init__("attacker")
        self._processes, self._pad = processes, pad
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        self.faults: list[str] = []
        self.sent = 0
        self._rounds = 0
        self._last: deque[str] = deque(maxlen=30)
        self._now = 0
        self._judge = CommandJudge(FETCH)
        self._live: dict[str, Any] = {}
        for topic, kind in ((topics.JOINT_STATES, JointState), (topics.BLOCK_POSES, BlockPoseArray)):
            self.create_subscription(kind, topic, self._hear(topic), topics.NEWEST)
        self.create_subscription(JointTrajectory, topics.ARM_TRAJECTORY, self._judge_command, 1000)

    def _own(self, topic: str, info: dict[str, Any]) -> bool:
        """Whether a message is one of those sent from here."""
        gid = bytes(info["publisher_gid"]["data"])
        return any(
            bytes(one.endpoint_gid) == gid and one.node_name == self.get_name()
            for one in self.get_publishers_info_by_topic(topic)
        )

    def _hear(self, topic: str) -> Callable[[Any, dict[str, Any]], None]:
        def hear(message: Any, info: dict[str, Any]) -> None:
            if self._own(topic, info):
                return
            self._live[topic] = message
            self._now = convert.to_nanoseconds(message.header.stamp)
            if topic == topics.JOINT_STATES:
                joints = dict(zip(message.name, message.position, strict=True))
                arm = np.array([joints[name] for name in FETCH.arm_joints])
                self._judge.truth.append(arm)
                if not np.isfinite(arm).all():
                    self.fault(f"the simulated arm is at {arm.tolist()}")

        return hear

    def _judge_command(self, message: JointTrajectory, info: dict[str, Any]) -> None:
        if self._own(topics.ARM_TRAJECTORY, info):
            return
        for fault in self._judge.faults(message):
            self.fault(fault)

    @property
    def commands(self) -> int:
        """Commands to the arm that the controller has sent."""
        return self._judge.commands

    def fault(self, what: str) -> None:
        self.faults.append("\n".join([what, "sent before:", *self._last]))

    def until(self, over: Callable[[], bool], what: str) -> bool:
        """Wait for something that has to happen."""
        deadline = time.monotonic() + PATIENCE
        while not over() and time.monotonic() < deadline:
            self._spinner.spin_once(0.02)
        if not over():
            self.fault(f"{what}: nothing after {PATIENCE:g} s")
        return over()

    def connect(self) -> None:
        """Wait for all nodes, and find out what they listen to."""
        self._barriers = self._make_barriers()
        self._reset = self.create_client(ResetScene, "simulation/reset")
        assert self.until(lambda: all(one.service_is_ready() for one in self._barriers[:-1]), "the nodes")
        assert self.until(lambda: bool(self._judge.truth) and topics.BLOCK_POSES in self._live, "the robot")
        actions = {"/policy/imitate", "/controller/follow_joint_trajectory"}
        assert self.until(lambda: actions <= set(dict(get_action_names_and_types(self))), "the actions")
        self._start_operator()
        assert self.until(lambda: set(NODES) <= set(self.get_node_names()), "the nodes' names")
        listened = [pair for node in NODES for pair in self.get_subscriber_names_and_types_by_node(node, "/")]
        served = [pair for node in NODES for pair in self.get_service_names_and_types_by_node(node, "/")]
        self._listeners = {
            name: self.create_publisher(interface(kinds[0]), name, EVERY)
            for name, kinds in sorted(dict(listened).items())
            if "/_action/" not in name
        }
        self._servers = {
            name: self.create_client(interface(kinds[0]), name)
            for name, kinds in sorted(dict(served).items())
            if "/_action/" not in name and not name.endswith("/change_state")  # which may end a node for good
        }
        self._goals = {name: interface(kinds[0]) for name, kinds in sorted(get_action_names_and_types(self))}
        self._actors = {name: ActionClient(self, kind, name) for name, kind in self._goals.items()}
        assert {"/joy", "/joint_states", "/block_poses", "/gripper_twist_command"} <= set(self._listeners)
        assert {"/recorder/start", "/simulation/reset"} <= set(self._servers)
        assert set(self._actors) == actions
        self._barriers = self._make_barriers()  # a node that knows the newest client knows them all
        self._settle()

    def _make_barriers(self) -> list[Client]:
        """What answers once a node has read all that was sent before."""
        return [self.create_client(GetParameters, f"{node}/get_parameters") for node in NODES]

    def plans(self, spared: Sequence[str]) -> st.SearchStrategy[tuple[Any, ...]]:
        """What to send in a round, nothing of it to the topics ``spared``."""
        # Every node's, every managed one's, and what takes long.
        seldom = ("parameter", "type_description", "logger", "transition", "_state", "go_to_ready")
        special = [name for name in self._servers if not any(word in name for word in seldom)]
        return st.tuples(
            # At most one to each topic, because some readers keep only the newest.
            st.tuples(
                *[st.none() | letters([name]) | letters([name]) for name in self._listeners if name not in spared]
            ),
            st.none() | letters(special) | letters(self._servers),
            st.none() | st.none() | letters(self._actors),
        )

    def carry_out(self, plan: tuple[Any, ...]) -> None:
        """Send all, wait until it has been read, and look after the nodes."""
        messages, call, goal = plan
        for letter in filter(None, messages):
            publisher = self._listeners[letter.name]
            message = self._write(letter, publisher.msg_type)
            corrupt = letter.corrupt if publisher.msg_type is not Clock else None
            publisher.publish(corrupted(message, corrupt) if corrupt else message)
        if call:
            client = self._servers[call.name]
            self._call(call.name, client.call_async(self._write(call, client.srv_type.Request)))
        if goal:
            self._pursue(
                goal.name, self._actors[goal.name].send_goal_async(self._write(goal, self._goals[goal.name].Goal))
            )
        self._settle()
        self._rounds += 1
        if self._rounds % STOPPED_FOR == 0:
            self._call(RESUME, self._servers[RESUME].call_async(Trigger.Request()))
        self._look_after()

    def _write(self, letter: Letter, kind: type) -> Any:
        message = self._good(letter, kind)
        for change in letter.changes:
            message = spoil("", message, change)
        self.sent += 1
        self._last.append(f"{letter.name}: {message}"[:600])
        return message

    def _good(self, letter: Letter, kind: type) -> Any:
        """A message that nothing is wrong with, as far as one is known for the topic, service or action."""
        name = letter.name.lstrip("/")
        if name in self._live:
            return copy.deepcopy(self._live[name])
        if kind is Joy:
            return self._pad.encode(letter.action)
        if kind is TwistStamped:
            return convert.from_action(letter.action, self._now, CONTROL_PERIOD)
        if kind is Clock:
            return Clock(clock=convert.to_stamp(self._now))
        if name == topics.ARM_TRAJECTORY:
            return convert.from_joint_targets(FETCH.arm_joints, self._judge.truth[-1], CONTROL_PERIOD)
        return {
            StartRecording.Request: StartRecording.Request(name="shown"),
            ResetScene.Request: ResetScene.Request(num_blocks=3, seed=1),
            Imitate.Goal: Imitate.Goal(demonstration="three", time_limit=5.0),
            FollowJointTrajectory.Goal: FollowJointTrajectory.Goal(trajectory=self._way_to_ready()),
            Bool: Bool(data=bool(letter.action.close_gripper)),
        }.get(kind) or kind()

    def _way_to_ready(self) -> JointTrajectory:
        """As whoever plans would send it, if the arm rests."""
        ways = np.stack([self._judge.truth[-1], FETCH.ready()])
        return convert.from_planned_trajectory(
            FETCH.arm_joints, Trajectory(np.array([0.0, 2.0]), ways, np.zeros_like(ways))
        )

    def _settle(self) -> None:
        """Wait until every node has read what was sent: each answers a query that was sent after it."""
        waiting, asked = list(self._barriers), -ASK_AGAIN
        answers: list[tuple[Any, Future]] = []

        def settled() -> bool:
            """Asked again, because a node that has only just met its client may lose an answer."""
            nonlocal waiting, asked
            answered = [barrier for barrier, answer in answers if answer.done()]
            waiting = [barrier for barrier in waiting if barrier not in answered]
            if waiting and time.monotonic() - asked >= ASK_AGAIN:
                asked = time.monotonic()
                query = GetParameters.Request(names=["use_sim_time"])
                answers.extend((barrier, barrier.call_async(query)) for barrier in waiting)
            return not waiting

        self.until(lambda: settled() or not self._alive(), "a query of parameters")

    def _call(self, name: str, future: Future) -> None:
        if "set_parameters" in name:
            return  # rclpy gives no answer where one has a type that there is not
        if self.until(lambda: future.done() or not self._alive(), f"service {name}") and future.done():
            answer = future.result()
            if getattr(answer, "success", True) is False and not answer.message:
                self.fault(f"service {name} refuses without a reason")

    def _pursue(self, name: str, sent: Future) -> None:
        if not self.until(lambda: sent.done() or not self._alive(), f"goal of {name}") or not sent.done():
            return
        result = sent.result().get_result_async()
        sent.result().cancel_goal_async()
        if self.until(lambda: result.done() or not self._alive(), f"result of {name}") and result.done():
            answer = result.result()
            reason = getattr(answer.result, "reason", "") or getattr(answer.result, "error_string", "")
            forgotten = answer.status == GoalStatus.STATUS_UNKNOWN  # rclpy does so when the clock is set forward
            if answer.status != GoalStatus.STATUS_SUCCEEDED and not reason and not forgotten:
                self.fault(f"{name} ends with status {answer.status}, without a reason")

    def _alive(self) -> bool:
        return all(self._processes.running(node) for node in NODES)

    def _start_operator(self) -> None:
        """The last of the nodes, because it leaves once its task is taught; in a new layout, so that it is not yet."""
        self._call("reset", self._reset.call_async(ResetScene.Request(num_blocks=3, seed=self.sent)))
        self._processes.start("operator", {"task": "abc", "time_limit": 600.0})
        self.until(lambda: self._barriers[-1].service_is_ready() or not self._processes.running("operator"), "operator")

    def _look_after(self) -> None:
        for node in NODES:
            if self._processes.running(node):
                continue
            lines = self._processes.log(node).read_text(errors="replace").strip().splitlines()
            if node == "operator" and lines and ("error: " in lines[-1] or "taught" in lines[-1]):
                self._start_operator()  # its task is done, or cannot be
            else:
                self.fault("\n".join([f"node {node} died:", *lines[-20:]]))
