"""A Fetch as it looks through rosbridge: a websocket server over PyBullet with the semantics of the vendor's drivers.

It keeps real time, its clock is not ours, and it misbehaves on demand. It knows no ROS.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

pytest.importorskip("websockets", minversion="11", reason="the fake Fetch needs websockets 11")

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from osil.core import FloatArray, Scene
from osil.robots.robot import load_robot
from osil.worlds.arm_simulation import PHYSICS_STEP
from osil.worlds.pybullet import PyBulletWorld

from .fetch_controllers import FollowJointTrajectory

FETCH = load_robot("fetch")

CLOCK_AHEAD = 3.7
"""Seconds by which the robot's clock is ahead of ours."""

STEPS_PER_STATE, STEPS_PER_SLOW = 2, 24
"""Physics steps between two joint states of each kind (120 Hz), and between two messages on the robot's state."""

STEPS_LATE = 8
"""Physics steps, 33 ms, by which the arm follows late: as much as the vendor's steps back after each goal tell of."""

SAG = 0.005
"""Radians a second by which the shoulder sinks while there is no power."""

ARM_GOAL, GRIPPER_GOAL = "/arm_controller/follow_joint_trajectory/goal", "/gripper_controller/gripper_action/goal"
ARM_RESULT = "/arm_controller/follow_joint_trajectory/result"

Message = Mapping[str, Any]


@dataclass(eq=False)
class _Client:
    """One connection: what it has subscribed to, and what waits to be sent, each with its time."""

    connection: ServerConnection
    topics: set[str] = field(default_factory=set)
    outbox: SimpleQueue[tuple[float, str] | None] = field(default_factory=SimpleQueue)

    def send_all(self) -> None:
        with suppress(ConnectionClosed, OSError):
            while (waiting := self.outbox.get()) is not None:
                time.sleep(max(0.0, waiting[0] - time.monotonic()))
                self.connection.send(waiting[1])


class FakeFetch:
    """Use it as a context. Attributes may be set at any time, and take effect at once.

    Attributes:
        port: on which it listens.
        lag: seconds by which messages come late, both ways.
        mute: nothing goes in or out, and the connection stays.
        frozen: joint states repeat what they said last, stamps too.
        stuck: they repeat the positions of the arm only, with new stamps.
        absurd: positions that are reported instead of the true ones, by joint.
        unreported: joints of which nothing is reported.
        drift: radians a second by which a joint is reported farther and farther from where it is, by joint.
        deaf: goals of the arm come, and are not heeded; those of the fingers neither.
        faulted, breaker_tripped, runstopped: as the robot's state says.
        secretive: nothing is said of the robot's state.
        goals, grips: goals of the arm and of the gripper that came.
        commanded: time (seconds) and joints ``[J]`` that the arm was told, at each physics step.
        measured: the same of where it was.
        problems: what a real arm would not have borne.
    """

    def __init__(self, scene: Scene) -> None:
        self._world = PyBulletWorld(FETCH, scene.num_blocks)
        self._world.reset(scene)
        self._arm = FollowJointTrajectory(FETCH.arm_joints)
        self._inbox: SimpleQueue[tuple[float, _Client, Message]] = SimpleQueue()
        self._waiting: list[tuple[float, _Client, Message]] = []
        self._moves: SimpleQueue[tuple[int, FloatArray]] = SimpleQueue()
        self._clients: list[_Client] = []
        self._joint_messages: list[Message] = []
        self._told: deque[np.ndarray] = deque(maxlen=STEPS_LATE)  # that has yet to be followed
        self._server: Server | None = None
        self._ended = threading.Event()
        self._robot = threading.Thread(target=self._live, daemon=True)
        self.port = 0
        self.honest()
        self.goals: list[Message] = []
        self.grips: list[Message] = []
        self.commanded: list[tuple[float, np.ndarray]] = []
        self.measured: list[tuple[float, np.ndarray]] = []
        self.problems: list[str] = []
        self.blocks = self._world.simulation.bodies.block_poses()

    def __enter__(self) -> FakeFetch:
        self.plug_in()
        self._robot.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._robot.join()
        self.unplug()
        self._world.close()

    def plug_in(self) -> None:
        """Listen, on the same port as before."""
        self._server = serve(self._serve, "127.0.0.1", self.port, compression=None, ping_interval=None)
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def unplug(self) -> None:
        """Listen no more, and break off connections as a crash does."""
        assert self._server is not None
        self._server.shutdown()
        self.drop()

    def drop(self) -> None:
        """Break off connections."""
        for client in list(self._clients):
            with suppress(OSError):
                client.connection.socket.shutdown(socket.SHUT_RDWR)

    def honest(self) -> None:
        """Misbehave no more."""
        self.lag, self.mute, self.frozen, self.stuck, self.deaf = 0.0, False, False, False, False
        self.absurd: dict[str, float] = {}
        self.drift: dict[str, float] = {}
        self.unreported: frozenset[str] = frozenset()
        self.faulted = self.breaker_tripped = self.runstopped = self.secretive = False
        self._drifted = 0.0

    def command(self, goal: Message, name: str) -> None:
        """Somebody else than the bridge sends the arm a goal with this id."""
        message = {"op": "publish", "topic": ARM_GOAL, "msg": {"goal": goal, "goal_id": {"id": name}}}
        self._inbox.put((0.0, self._clients[0], message))

    def move_blocks(self, positions: FloatArray) -> None:
        """Put the blocks elsewhere, ``[B, 3]`` metres in the base frame."""
        for block, position in enumerate(positions):
            self._moves.put((block, position))

    @property
    def joints(self) -> np.ndarray:
        """Where the arm is ``[J]``."""
        return self.measured[-1][1]

    def _serve(self, connection: ServerConnection) -> None:
        client = _Client(connection)
        self._clients.append(client)
        sender = threading.Thread(target=client.send_all, daemon=True)
        sender.start()
        with suppress(ConnectionClosed, OSError):
            for text in connection:
                self._inbox.put((time.monotonic() + self.lag, client, json.loads(text)))
        self._clients.remove(client)
        client.outbox.put(None)

    def _live(self) -> None:
        began, steps = time.monotonic(), 0
        while not self._ended.is_set():
            if (early := began + steps * PHYSICS_STEP - time.monotonic()) > 0.0:
                time.sleep(early)
            elif early < -0.1:  # the machine is too busy: what is lost is lost, as on a robot
                began -= early
            self._take_in()
            self._step()
            steps += 1
            if steps % STEPS_PER_STATE == 0:
                self._tell_joints()
            if steps % STEPS_PER_SLOW == 0:
                self._tell_state()

    def now(self) -> float:
        """Seconds of the robot's clock."""
        return time.time() + CLOCK_AHEAD

    def _take_in(self) -> None:
        while not self._inbox.empty():
            self._waiting.append(self._inbox.get())
        due = [one for one in self._waiting if one[0] <= time.monotonic() and not self.mute]
        self._waiting = [one for one in self._waiting if one not in due]
        for _, client, message in due:
            self._heed(client, message)
        while not self._moves.empty():
            self._world.move_block(*self._moves.get())

    def _heed(self, client: _Client, message: Message) -> None:
        if message["op"] == "subscribe":
            client.topics.add(message["topic"])
        elif message["op"] == "call_service":
            assert message["service"] == "/rosapi/get_time"
            values = {"time": _time(self.now())}
            self._send(client, {"op": "service_response", "id": message["id"], "values": values, "result": True})
        elif message["op"] == "publish":
            self._heed_topic(message["topic"], message["msg"])

    def _heed_topic(self, topic: str, message: Message) -> None:
        if topic == "/enable_software_runstop":
            self.runstopped = message["data"]
        elif topic == ARM_GOAL:
            self.goals.append(message["goal"])
            if not (self.runstopped or self.deaf):
                self._arm.take(message["goal"], message["goal_id"]["id"])
        elif topic == GRIPPER_GOAL:
            command = message["goal"]["command"]
            self.grips.append(command)
            if command["max_effort"] <= 0.0:
                self.problems.append("the gripper was told an effort of 0, which may mean no torque")
            elif not self.deaf:
                self._world.simulation.command_gripper(command["position"])

    def _step(self) -> None:
        simulation = self._world.simulation
        now, measured = self.now(), self._world.joint_positions()[: len(FETCH.arm_joints)]
        if self.runstopped:
            self._arm.reset()
            self._told.clear()
            wanted = measured.copy()
            wanted[1] += SAG * PHYSICS_STEP
        else:
            told = self._arm.sample(now, measured)
            if self._arm.floating:
                self.problems.append("a goal without points left the arm floating")
            self._told.append(measured if told is None else told)
            wanted = self._told[0]
            if told is not None:
                self.commanded.append((now, told))
        possible = np.clip(np.nan_to_num(wanted), FETCH.lower, FETCH.upper)
        if not np.array_equal(possible, wanted):
            self.problems.append(f"the arm was told to be at {wanted}")
        simulation.command_arm(possible, PHYSICS_STEP)
        simulation.advance(1)
        self.measured.append((now, measured))
        self.blocks = simulation.bodies.block_poses()

    def _tell_joints(self) -> None:
        if self.stuck:
            header = {"stamp": _time(self.now()), "frame_id": ""}
            self._joint_messages = [{**message, "header": header} for message in self._joint_messages]
        elif not (self.frozen or self.runstopped):
            self._joint_messages = self._joint_states()
        for message in self._joint_messages:
            self.publish("/joint_states", message)

    def _joint_states(self) -> list[Message]:
        """One message of the arm's controller and one of the fingers'."""
        states, header = self._world.simulation.joint_states(), {"stamp": _time(self.now()), "frame_id": ""}
        self._drifted += STEPS_PER_STATE * PHYSICS_STEP * bool(self.drift)
        positions = [
            self.absurd.get(joint, float(position) + self._drifted * self.drift.get(joint, 0.0))
            for joint, position in zip(FETCH.all_joints, states.positions, strict=True)
        ]
        columns = {"position": positions, "velocity": states.velocities, "effort": states.efforts}
        told = [place for place, joint in enumerate(FETCH.all_joints) if joint not in self.unreported]
        fingers = len(FETCH.all_joints) - 2
        return [
            {
                "header": header,
                "name": [FETCH.all_joints[place] for place in part],
                **{name: [float(values[place]) for place in part] for name, values in columns.items()},
            }
            for part in ([place for place in told if place < fingers], [place for place in told if place >= fingers])
        ]

    def _tell_state(self) -> None:
        breakers = [{"state": 2 if self.breaker_tripped else 1, "current": 1.0}]
        ready = not (self.faulted or self.runstopped)
        state = {"ready": ready, "faulted": self.faulted, "runstopped": self.runstopped, "breakers": breakers}
        if not self.secretive:
            self.publish("/robot_state", state)
        self.publish("/software_runstop_enabled", {"data": False})
        for name, status, code in self._arm.results:
            told = {"goal_id": {"id": name}, "status": status, "text": ""}
            self.publish(ARM_RESULT, {"status": told, "result": {"error_code": code}})
        self._arm.results.clear()

    def publish(self, topic: str, message: Message) -> None:
        """Say it to all that have subscribed."""
        for client in list(self._clients):
            if topic in client.topics:
                self._send(client, {"op": "publish", "topic": topic, "msg": message})

    def _send(self, client: _Client, message: Message) -> None:
        if not self.mute:
            client.outbox.put((time.monotonic() + self.lag, json.dumps(message)))


def _time(seconds: float) -> Message:
    whole, fraction = divmod(round(seconds * 1e9), 10**9)
    return {"secs": whole, "nsecs": fraction}
