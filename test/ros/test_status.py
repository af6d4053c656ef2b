"""The status topic on a real node: news at once, and growing numbers are none."""

from __future__ import annotations

import time
from collections.abc import Callable

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from osil.ros import topics
from osil.ros.status import StatusTopic, StatusWatch
from osil.ros.timing import CLOCK_PATIENCE, ClockWatch
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


def test_who_does_not_listen_takes_nobody_for_silent(ros: None) -> None:
    simulated = Parameter("use_sim_time", value=True)  # whose clock is not heard of, as if it had stopped
    teller, listener = rclpy.create_node("teller"), rclpy.create_node("listener", parameter_overrides=[simulated])
    status, executor = StatusTopic(teller, topics.POLICY_STATUS, PolicyStatus()), SingleThreadedExecutor()
    watch, clock = StatusWatch(listener, PolicyStatus, topics.POLICY_STATUS), ClockWatch(listener)
    problems: list[str] = []
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    listener.create_timer(0.05, lambda: problems.append(watch.problem(1.0) + clock.problem), clock=steady)
    executor.add_node(listener)

    def listen(seconds: float) -> list[str]:
        """What was wrong meanwhile."""
        problems.clear()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            executor.spin_once(0.05)
        return [problem for problem in problems if problem]

    deadline = time.monotonic() + 20.0
    while watch.status is None and time.monotonic() < deadline:
        status.publish()
        listen(0.1)
    time.sleep(CLOCK_PATIENCE + 0.1)  # as in a callback that takes long
    status.publish()
    assert listen(0.5) == []
    assert problems
    assert any("nothing was heard of the policy for 1." in problem for problem in listen(1.0)), "it is silent"
    assert any("the clock has stopped for 3 s" in problem for problem in listen(2.0)), "and the clock stands"
    executor.shutdown()
    for node in (teller, listener):
        node.destroy_node()
