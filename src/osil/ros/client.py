"""A client of the running nodes: calls their services and the action, runs the operator, and films what happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from action_msgs.msg import GoalStatus
from rcl_interfaces.srv import GetParameters
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future

from osil.core import CONTROL_PERIOD, Scene
from osil.errors import OsilError
from osil.robots.recency import seconds_since
from osil.robots.robot import Robot
from osil.ros import convert, topics
from osil.ros.joint_topic import hear_joints
from osil.ros.node_processes import NodeProcessError, NodeProcesses
from osil.tasks.blocks import NOMINAL, Blocks
from osil.worlds.snapshot import Snapshot
from osil_interfaces.action import Imitate
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import ResetScene, StartRecording, StopRecording

ANSWER = 30.0
"""Seconds within which a service must answer; starting up on a busy machine included."""

ASK_AGAIN = 1.0
"""Seconds after which a node that is to be met is greeted again."""


class Refused(OsilError):
    """A service or the action refused what was asked of it."""


class Client(Node):
    """Drives the nodes of a namespace from outside. Call its methods from one thread; each returns when it is done."""

    def __init__(self, processes: NodeProcesses, robot: Robot, blocks: Blocks = NOMINAL) -> None:
        super().__init__("client")
        self._processes, self.robot, self.blocks = processes, robot, blocks
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        self._imitate = ActionClient(self, Imitate, "policy/imitate")
        self._film: list[Snapshot] | None = None
        self._filmed = 0
        self._joints: dict[str, float] = {}
        self._blocks: BlockPoseArray | None = None
        hear_joints(self, self._store_joints, topics.NEWEST)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._store_blocks, topics.NEWEST)

    def close(self) -> None:
        """Leave the nodes alone from now on."""
        self._imitate.destroy()
        self._spinner.shutdown()
        self.destroy_node()

    def _store_joints(self, now: int, stamp: int, positions: dict[str, float]) -> None:
        self._joints = positions

    def _store_blocks(self, message: BlockPoseArray) -> None:
        message.blocks = sorted(message.blocks, key=lambda block: block.name)  # a tracker may tell them in any order
        self._blocks = message
        now = convert.to_nanoseconds(message.header.stamp)
        if self._film is None or not self._joints or 0.0 <= seconds_since(self._filmed, now) < CONTROL_PERIOD:
            return
        self._filmed = now
        joints = convert.pick(self._joints, self.robot.all_joints)
        self._film.append(Snapshot(joints, *convert.to_poses(message.blocks)))

    def start_filming(self) -> None:
        """Keep a picture's worth of poses for each control period from now on."""
        self._film = []

    def stop_filming(self) -> list[Snapshot]:
        """The film so far."""
        film, self._film = self._film or [], None
        return film

    def wait(self, over: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until ``over()`` while messages are taken in.

        Raises:
            NodeProcessError: a node died, or it takes longer than ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not over():
            self._processes.check()
            if time.monotonic() > deadline:
                raise NodeProcessError(
                    f"{what}: nothing after {seconds:.0f} s; the log files of the nodes may tell why"
                )
            self._spinner.spin_once(0.05)
        self._processes.check()  # what was waited for may be the end of a node

    def _answer(self, future: Future, what: str, seconds: float = ANSWER) -> Any:
        self.wait(future.done, what, seconds)
        return future.result()

    def meet(self, node: str, service: str = "") -> None:
        """Wait until a node's answers arrive here, those of all services and actions that this client has by now.

        A server that has not yet discovered its client drops the answer, though the client sees the server. Asking
        again could do twice what was asked once, so what is asked until it is answered is nothing at all. Endpoints
        are announced in the order of their making: who knows the newest knows them all.

        Args:
            node: its name.
            service: one of its services that has to be known here. A node that was killed is seen for a while, its
                services too: that of its successor is known when as many offer it as offer to be greeted.
        """
        greeting = f"{node}/get_parameters"
        caller, greeted, answers = self.create_client(GetParameters, greeting), -ASK_AGAIN, []

        def met() -> bool:
            nonlocal greeted
            if caller.service_is_ready() and time.monotonic() - greeted >= ASK_AGAIN:
                greeted = time.monotonic()
                answers.append(caller.call_async(GetParameters.Request()))
            known = not service or self.count_services(service) >= self.count_services(greeting)
            return known and any(answer.done() for answer in answers)

        try:
            self.wait(met, f"node {node}", ANSWER)
        finally:
            self.destroy_client(caller)

    def call(self, service: str, kind: Any, **fields: Any) -> Any:
        """The answer to a request with these fields, a refusal too.

        Raises:
            NodeProcessError: there is none.
        """
        caller = self.create_client(kind, service)
        try:
            self.wait(caller.service_is_ready, f"service {service}", ANSWER)
            self.meet(service.rpartition("/")[0], service)
            return self._answer(caller.call_async(kind.Request(**fields)), f"service {service}")
        finally:
            self.destroy_client(caller)

    def _demand(self, service: str, kind: Any, **fields: Any) -> Any:
        """The answer of a service that must not refuse."""
        response = self.call(service, kind, **fields)
        if not response.success:
            raise Refused(f"{service}: {response.message}")
        return response

    def reset_scene(self, num_blocks: int, seed: int) -> str:
        """Set up a random layout; says what was set up."""
        return str(self._demand("simulation/reset", ResetScene, num_blocks=num_blocks, seed=seed).message)

    def teach(self, task: str, name: str, time_limit: float) -> StopRecording.Response:
        """Record a demonstration while the scripted operator shows a task at the joystick."""
        self._demand("recorder/start", StartRecording, name=name)
        operator = {"task": task, "time_limit": time_limit, "robot": self.robot.name, "block_size": self.blocks.size}
        self._processes.start("operator", operator)
        try:
            self.wait(lambda: not self._processes.running("operator"), f"teaching {task}", 2 * time_limit + ANSWER)
        finally:
            self._processes.stop(["operator"])  # one that gave up must not count as a dead node from now on
        return self._demand("recorder/stop", StopRecording)

    def imitate(
        self, demonstration: str, time_limit: float, seed: int, tell: Callable[[Imitate.Feedback], None]
    ) -> Imitate.Result:
        """Have a demonstration repeated, and be told of the progress."""
        self.wait(self._imitate.server_is_ready, "action policy/imitate", ANSWER)
        self.meet("policy", "policy/imitate/_action/get_result")  # that of its services which is made last
        goal = Imitate.Goal(demonstration=demonstration, time_limit=time_limit, seed=seed)
        sent = self._imitate.send_goal_async(goal, lambda message: tell(message.feedback))
        handle = self._answer(sent, "policy/imitate")
        answer = self._answer(handle.get_result_async(), "policy/imitate", 2 * time_limit + ANSWER)
        if answer.status == GoalStatus.STATUS_ABORTED and answer.result.outcome == Imitate.Result.REFUSED:
            raise Refused(f"policy/imitate: {answer.result.reason}")
        return answer.result

    def scene(self, block_names: Sequence[str] | None = None) -> Scene:
        """Where the blocks are after half a second in which they may come to rest, in the order of their names."""
        settled = time.monotonic() + 0.5
        self.wait(lambda: time.monotonic() > settled and self._blocks is not None, "block poses", ANSWER)
        assert self._blocks is not None  # that was waited for
        return convert.to_scene(self._blocks.blocks, block_names)
