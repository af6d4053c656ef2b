"""Whoever asks the nodes is answered, also by a node that has taken the place of one that was killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import rclpy
from rclpy.action import ActionServer
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from osil.ros import client as client_module
from osil.ros.client import Client
from osil_interfaces.action import Imitate

VICTIM = """
import rclpy
from rclpy.action import ActionServer
from std_srvs.srv import Trigger
from osil_interfaces.action import Imitate
rclpy.init()
node = rclpy.create_node("policy")
node.create_service(Trigger, "policy/forget", lambda request, answer: answer)
server = ActionServer(node, Imitate, "policy/imitate", lambda goal: Imitate.Result())
rclpy.spin(node)
"""

LATE = 3.0
"""Seconds after which the successor offers anything."""


@contextmanager
def successor(offer: Callable[[Node], object]) -> Iterator[None]:
    """A node that can be greeted at once, and makes its services later."""
    node, executor = rclpy.create_node("policy"), SingleThreadedExecutor()
    offered: list[object] = []
    executor.add_node(node)

    def begin() -> None:
        timer.cancel()
        offered.append(offer(node))

    timer = node.create_timer(LATE, begin)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    try:
        yield
    finally:
        executor.shutdown()
        thread.join()
        for server in offered:
            if isinstance(server, ActionServer):
                server.destroy()
        node.destroy_node()


@pytest.fixture
def killed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy was there, whose services are still seen."""
    monkeypatch.setattr(client_module, "ANSWER", 12.0)
    with subprocess.Popen([sys.executable, "-c", VICTIM]) as victim:
        try:
            client.meet("policy", "policy/imitate/_action/get_result")
        finally:
            victim.kill()
    assert client.count_services("policy/forget") >= 1, "it is still seen"


def test_a_service_of_the_successor_is_waited_for(client: Client, killed: None) -> None:
    def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        return response

    with successor(lambda node: node.create_service(Trigger, "policy/forget", answer)):
        assert client.call("policy/forget", Trigger).success


def test_the_action_of_the_successor_is_waited_for(client: Client, killed: None) -> None:
    def imitate(goal: ServerGoalHandle) -> Imitate.Result:
        goal.succeed()
        return Imitate.Result(reason="done")

    with successor(lambda node: ActionServer(node, Imitate, "policy/imitate", imitate)):
        assert client.imitate("any", 1.0, 0, lambda feedback: None).reason == "done"
