"""Whatever is sent to the nodes' subscriptions, services and actions: no node dies, no command leaves the arm's limits.

What the nodes listen to is read from the ROS graph, so that a new topic is tried as soon as it is there. Messages begin
as good ones, and some of their fields are then spoiled. OSIL_FUZZ_ROUNDS sets how many rounds of messages are sent.
"""

from __future__ import annotations

import copy
import importlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import TwistStamped
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rcl_interfaces.srv import GetParameters
from rclpy.action import ActionClient, get_action_names_and_types
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import serialize_message
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Bool
from trajectory_msgs.msg import JointTrajectory

from osil.core import CONTROL_PERIOD, NANOSECONDS, Action
from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.joystick import Joystick
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld
from osil_interfaces.action import Imitate
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import ResetScene, StartRecording

FETCH = load_robot("fetch")

ROUNDS = int(os.environ.get("OSIL_FUZZ_ROUNDS", "250"))
"""Each sends up to one message to every topic, and now and then calls a service or sends a goal."""

ROBOT = ("/joint_states", "/clock", f"/{topics.ARM_TRAJECTORY}")
"""While these are left alone the controller can believe what it sees, and follows commands."""

NODES = (*SIMULATION_NODES, "operator")

PATIENCE = 60.0
"""Seconds after which a node that does not answer hangs."""

SLACK = 0.1
"""Radians by which a target may lie beside the arm when the controller takes it up anew: readings are noisy."""

EVERY = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Fits every reader."""

INTEGERS = {f"{sign}int{bits}": (bits, sign == "") for sign in ("", "u") for bits in (8, 16, 32, 64)}
INTEGERS |= dict.fromkeys(("octet", "byte", "char"), (8, False))
FLOATS = {"float": np.finfo(np.float32).max.item(), "double": np.finfo(float).max.item()}
STRINGS = ("", "a", "z", "three", "four", "../up", ".hidden", "a\nb", "Zürich", "積木", " ", "x" * 300, "y" * 5_000)


@dataclass(frozen=True)
class Change:
    """How one field of a message is spoiled, said without knowing the message.

    Attributes:
        path: which field, which element, which of its fields, and so on; counted round where there are fewer.
        near: whether numbers are added to what is there, or take its place.
        number, whole, text: what a field gets, by its kind.
        sequence: what happens to a sequence.
    """

    path: tuple[int, ...]
    near: bool
    number: float
    whole: int
    text: str
    sequence: str


@dataclass(frozen=True)
class Letter:
    """A message, request or goal that is to be sent.

    Attributes:
        name: of the topic, service or action.
        action: where the good message is a command, what it commands.
        changes: how the good message is spoiled.
        corrupt: a byte of what is sent, counted round, and its new value: text that is no UTF-8, lengths that lie.
    """

    name: str
    action: Action
    changes: tuple[Change, ...]
    corrupt: tuple[int, int] | None


CHANGES = st.builds(
    Change,
    path=st.tuples(*[st.integers(0, 30)] * 6),
    near=st.booleans(),
    number=st.floats(-1.0, 1.0) | st.sampled_from([np.nan, np.inf, -np.inf, 1e308, -1e308, 1e9, 1e-300, 50.0]),
    whole=st.sampled_from([-3600, -600, -5, -1, 0, 1, 5, 600]) | st.integers(-(2**63), 2**64),
    text=st.sampled_from(STRINGS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    sequence=st.sampled_from(["empty", "fewer", "twice", "reversed", "many", *["element"] * 5]),
)

ACTIONS = st.builds(
    lambda motion, close: Action(np.array(motion[:3]), np.bool_(close), np.float64(5 * motion[3])),
    st.tuples(*[st.floats(-0.02, 0.02)] * 4),
    st.booleans(),
)


def letters(names: Sequence[str]) -> st.SearchStrategy[Letter]:
    """Letters to any of these."""
    corrupt = st.tuples(st.integers(0, 10_000), st.sampled_from([0x00, 0x7F, 0x80, 0xED, 0xFF]))
    return st.builds(
        Letter,
        name=st.sampled_from(sorted(names)),
        action=ACTIONS,
        changes=st.lists(CHANGES, max_size=3).map(tuple),
        corrupt=st.none() | st.none() | st.none() | corrupt,
    )


def spoil(kind: str, value: Any, change: Change, depth: int = 0) -> Any:
    """A value of the kind that ROS says a field has, made from its present value."""
    if kind == "boolean":
        return not value
    if kind == "string":
        return change.text
    if kind in INTEGERS:
        bits, signed = INTEGERS[kind]
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return min(max(change.near * value + change.whole, low), high)
    if kind in FLOATS:
        return float(np.clip(change.near * value + change.number, -FLOATS[kind], FLOATS[kind]))
    turn = change.path[depth % len(change.path)]
    if kind.startswith("sequence<"):
        items, kind = list(value), kind[len("sequence<") : -1].partition(",")[0]
        if change.sequence == "element" or not items:
            items = items or [_default(kind)]
            items[turn % len(items)] = spoil(kind, items[turn % len(items)], change, depth + 1)
        return {
            "empty": [],
            "fewer": items[:-1],
            "twice": items + items[:1],
            "reversed": items[::-1],
            "many": (items * 500)[:500],
            "element": items,
        }[change.sequence]
    if kind.endswith("]"):
        items = list(value)
        items[turn % len(items)] = spoil(kind.partition("[")[0], items[turn % len(items)], change, depth + 1)
        return items
    if fields := sorted(value.get_fields_and_field_types().items()):
        name, kind = fields[turn % len(fields)]
        setattr(value, name, spoil(kind, getattr(value, name), change, depth + 1))
    return value


def _default(kind: str) -> Any:
    simple = {"boolean": False, "string": "", "float": 0.0, "double": 0.0}
    return simple[kind] if kind in simple else interface(kind.replace("/", "/msg/", 1))() if "/" in kind else 0


def interface(name: str) -> Any:
    """The class of ``package/kind/Name``."""
    package, kind, name = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), name)


class Attacker(Node):
    """Sends to everything that the nodes listen to, and watches the nodes and what they make the arm do."""

    def __init__(self, processes: NodeProcesses, pad: Joystick) -> None:
        super().__init__("attacker")
        self._processes, self._pad = processes, pad
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        self.faults: list[str] = []
        self.sent = self.commands = 0
        self._last: deque[str] = deque(maxlen=30)
        self._now = 0
        self._truth: deque[np.ndarray] = deque(maxlen=60)
        self._target: np.ndarray | None = None
        self._live: dict[str, Any] = {}
        for topic, kind in ((topics.JOINT_STATES, JointState), (topics.BLOCK_POSES, BlockPoseArray)):
            self.create_subscription(kind, topic, self._hear(topic), topics.NEWEST)
        self.create_subscription(JointTrajectory, topics.ARM_TRAJECTORY, self._judge, 1000)

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
                self._truth.append(np.array([joints[name] for name in FETCH.arm_joints]))
                if not np.isfinite(self._truth[-1]).all():
                    self.fault(f"the simulated arm is at {self._truth[-1].tolist()}")

        return hear

    def _judge(self, message: JointTrajectory, info: dict[str, Any]) -> None:
        """Every command that the controller sends to the arm must be one that a robot may follow blindly."""
        if self._own(topics.ARM_TRAJECTORY, info):
            return
        self.commands += 1
        first, last = message.points[0], message.points[-1]
        seconds = convert.to_nanoseconds(first.time_from_start) / NANOSECONDS
        targets, end = np.array(first.positions), np.array(last.positions)
        faults = []
        if tuple(message.joint_names) != FETCH.arm_joints or not np.isfinite(targets).all() or targets.shape != (7,):
            faults.append("is not one finite target for each joint of the arm")
        else:
            reach = 1.01 * FETCH.speed * seconds
            follows = self._target is None or (np.abs(targets - self._target) <= reach).all()
            if not (follows or any((_distance(targets, truth) <= reach + SLACK).all() for truth in self._truth)):
                faults.append("is faster than the joints may move, from the last one and from where the arm is")
            if not ((end >= FETCH.lower) & (end <= FETCH.upper) & (np.array(last.velocities) == 0.0)).all():
                faults.append("does not come to rest within the joints' limits")
            if not ((targets >= FETCH.lower) & (targets <= FETCH.upper)).all():
                faults.append("is beyond the joints' limits")
            self._target = targets
        if not 0.0 < seconds <= 2 * CONTROL_PERIOD:
            faults.append(f"is to be reached in {seconds} s")
        if convert.to_nanoseconds(message.header.stamp):
            faults.append("does not begin at once: its stamp is not 0")
        for fault in faults:
            self.fault(f"a command to the arm {fault}: {targets.tolist()} in {seconds} s")

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
        self._barriers = [self.create_client(GetParameters, f"{node}/get_parameters") for node in NODES]
        self._reset = self.create_client(ResetScene, "simulation/reset")
        assert self.until(lambda: all(one.service_is_ready() for one in self._barriers[:-1]), "the nodes")
        assert self.until(lambda: bool(self._truth) and topics.BLOCK_POSES in self._live, "the robot")
        assert self.until(lambda: bool(get_action_names_and_types(self)), "the action")
        self._start_operator()
        assert self.until(lambda: set(NODES) <= set(self.get_node_names()), "the nodes' names")
        listened = [pair for node in NODES for pair in self.get_subscriber_names_and_types_by_node(node, "/")]
        served = [pair for node in NODES for pair in self.get_service_names_and_types_by_node(node, "/")]
        self._listeners = {
            name: self.create_publisher(interface(kinds[0]), name, EVERY)
            for name, kinds in sorted(dict(listened).items())
        }
        self._servers = {
            name: self.create_client(interface(kinds[0]), name)
            for name, kinds in sorted(dict(served).items())
            if "/_action/" not in name
        }
        self._actors = {
            name: ActionClient(self, interface(kinds[0]), name)
            for name, kinds in sorted(dict(get_action_names_and_types(self)).items())
        }
        assert {"/joy", "/joint_states", "/block_poses", "/gripper_twist_command"} <= set(self._listeners)
        assert {"/recorder/start", "/simulation/reset"} <= set(self._servers)
        assert set(self._actors) == {"/policy/imitate"}

    def plans(self, spared: Sequence[str]) -> st.SearchStrategy[tuple[Any, ...]]:
        """What to send in a round, nothing of it to the topics ``spared``."""
        everybodys = ("parameter", "type_description", "logger")
        special = [name for name in self._servers if not any(word in name for word in everybodys)]
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
            publisher.publish(_corrupted(message, corrupt) if corrupt else message)
        if call:
            client = self._servers[call.name]
            self._call(call.name, client.call_async(self._write(call, client.srv_type.Request)))
        if goal:
            self._pursue(goal.name, self._actors[goal.name].send_goal_async(self._write(goal, Imitate.Goal)))
        self._settle()
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
            return convert.from_joint_targets(FETCH.arm_joints, self._truth[-1], CONTROL_PERIOD)
        return {
            StartRecording.Request: StartRecording.Request(name="shown"),
            ResetScene.Request: ResetScene.Request(num_blocks=3, seed=1),
            Imitate.Goal: Imitate.Goal(demonstration="three", time_limit=5.0),
            Bool: Bool(data=bool(letter.action.close_gripper)),
        }.get(kind) or kind()

    def _settle(self) -> None:
        """Wait until every node has read what was sent: each answers a query that was sent after it."""
        answers = [barrier.call_async(GetParameters.Request(names=["use_sim_time"])) for barrier in self._barriers]
        self.until(lambda: all(answer.done() for answer in answers) or not self._alive(), "a query of parameters")

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
            if answer.status != GoalStatus.STATUS_SUCCEEDED and not answer.result.reason:
                self.fault(f"{name} ends without a reason")

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


def _corrupted(message: Any, byte: tuple[int, int]) -> bytes:
    """The message as it goes over the wire, one byte of it changed."""
    data, (at, value) = bytearray(serialize_message(message)), byte
    data[4 + at % (len(data) - 4)] = value
    return bytes(data)


def _distance(targets: np.ndarray, joints: np.ndarray) -> np.ndarray:
    offset = np.abs(targets - joints)
    return np.where(FETCH.continuous, np.abs((offset + np.pi) % (2 * np.pi) - np.pi), offset)


@pytest.fixture(scope="module")
def attacker(processes: NodeProcesses, pad: Joystick, folder: Path) -> Iterator[Attacker]:
    rng, task = np.random.default_rng(0), StackingTask.parse("ab +c")
    (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [task], FETCH.table.random_scene(3, rng)[None])
    storage.save(shown, folder / "three.mcap", "three", "abc")
    parameters = {
        "simulation": {"num_blocks": 3},
        "recorder": {"demonstrations": str(folder)},
        "policy": {"demonstrations": str(folder)},
    }
    for node in SIMULATION_NODES:
        processes.start(node, parameters.get(node))
    attacker = Attacker(processes, pad)
    attacker.connect()
    yield attacker
    attacker.destroy_node()


@pytest.mark.parametrize("spared", [ROBOT, ()], ids=["all_but_the_robot", "everything"])
def test_no_message_ends_a_node_or_drives_the_arm_beyond_its_limits(attacker: Attacker, spared: Sequence[str]) -> None:
    before = attacker.commands

    @settings(
        max_examples=ROUNDS // 2,
        phases=[Phase.generate],  # nodes remember, so that a round cannot be repeated or made smaller
        deadline=None,
        database=None,
        derandomize="OSIL_FUZZ_ROUNDS" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(attacker.plans(spared))
    def attack(plan: tuple[Any, ...]) -> None:
        if not attacker.faults:
            attacker.carry_out(plan)

    attack()
    print(f"{attacker.sent} messages sent, {attacker.commands} commands to the arm judged")
    assert not attacker.faults, attacker.faults[0]
    assert attacker.commands - before > (ROUNDS // 5 if spared else 0), "the arm was moved"
