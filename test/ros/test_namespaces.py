"""Stacks in two namespaces have nothing in common: no topic, no service, no time."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest
from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from osil.ros.node_processes import FRAME_NODES, SIMULATION_NODES, program

NODES = (*SIMULATION_NODES, *FRAME_NODES)

OF_ROS = {"/rosout", "/parameter_events", "/diagnostics"}
"""Topics that every node in a graph shares; each message says which node it is of."""


@pytest.fixture(scope="module", autouse=True)
def two_stacks() -> Iterator[None]:
    """A whole one, and a simulation that is much faster."""
    nodes = [
        subprocess.Popen([*program(node), "--ros-args", "-r", f"__ns:={namespace}", *more], stderr=subprocess.DEVNULL)
        for namespace, names, more in (
            ("/left", NODES, []),
            ("/right", ["simulation"], ["-p", "real_time_factor:=5"]),
        )
        for node in names
    ]
    yield
    for node in nodes:
        node.send_signal(signal.SIGTERM)
    for node in nodes:
        node.wait()


def test_every_name_is_relative_and_each_has_its_own_time(hand) -> None:
    times: dict[str, list[Clock]] = {"/left/clock": [], "/right/clock": []}
    for topic, messages in times.items():
        hand.create_subscription(Clock, topic, messages.append, 10)

    def found() -> set[str]:
        return {f"{namespace}/{name}" for name, namespace in hand.get_node_names_and_namespaces()}

    assert hand.until(lambda: {f"/left/{node}" for node in NODES} <= found(), 60.0), found()
    assert hand.until(lambda: all(times.values()), 60.0)
    assert hand.until(lambda: any(name.startswith("/left/policy/imitate") for name in names_of(hand, "policy")), 60.0)
    for node in NODES:
        names = names_of(hand, node)
        assert names
        assert all(name.startswith("/left/") for name in names - OF_ROS), names
    assert "/left/clock" in names_of(hand, "controller")
    assert not any(name == "/clock" for name, _ in hand.get_topic_names_and_types())


def names_of(looker: Node, node: str) -> set[str]:
    """Topics, services and actions of a node in ``/left``."""
    return {
        name
        for ask in (
            looker.get_publisher_names_and_types_by_node,
            looker.get_subscriber_names_and_types_by_node,
            looker.get_service_names_and_types_by_node,
        )
        for name, _ in ask(node, "/left")
    }
