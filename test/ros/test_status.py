"""The status topic on a real node: news at once, and growing numbers are none."""

from __future__ import annotations

import time
from collections.abc import Callable

import rclpy
from rclpy.executors import SingleThreadedExecutor

from osil.ros import topics
from osil.ros.status import StatusTopic
from osil_interfaces.msg import PolicyStatus


def test_news_are_told_at_once_and_numbers_alone_are_no_news(ros: None) -> None:
    node, executor = rclpy.create_node("teller"), SingleThreadedExecutor()
    executor.add_node(node)
    heard: list[PolicyStatus] = []
    node.create_subscription(PolicyStatus, topics.POLICY_STATUS, heard.append, topics.LATCHED)
    status = StatusTopic(node, topics.POLICY_STATUS, PolicyStatus())

    def until(over: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 20.0
        while not over() and time.monotonic() < deadline:
            executor.spin_once(0.05)
        return over()

    assert until(lambda: len(heard) >= 2), "it is repeated by itself"
    reasons = [f"block poses are {0.3 + step / 20:.2f} s late" for step in range(40)]
    for reason in reasons:
        status.tell(state=PolicyStatus.HOLDING, reason=reason)
    assert until(lambda: any(one.reason == reasons[-1] for one in heard)), "the newest number comes with the repetition"
    assert len({one.reason for one in heard if one.reason}) < 5
    assert heard[-1].header.stamp.sec > 0
    status.tell(state=PolicyStatus.IDLE, reason="done")
    assert until(lambda: heard[-1].reason == "done")
    executor.shutdown()
    node.destroy_node()
