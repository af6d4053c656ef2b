"""Teleoperation while the clock is set back or forward, and joysticks whose messages are not of the present."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Joy

from osil.core import NANOSECONDS, Action
from osil.ros import convert, topics
from osil.ros.joystick import Joystick
from osil.ros.node_processes import NodeProcesses

TICK = 0.02
START = 1_000_000 * NANOSECONDS


class Bench(Node):
    """A clock that can be set, a joystick, and an ear for what teleoperation makes of it."""

    def __init__(self, pad: Joystick) -> None:
        super().__init__("bench")
        self.now = START
        self.twists: list[TwistStamped] = []
        self._forward = pad.encode(Action(np.array([0.01, 0.0, 0.0]), np.bool_(False)), gripper=False)
        self._time = self.create_publisher(Clock, "/clock", 1)
        self._joy = self.create_publisher(Joy, topics.JOY, 1)
        self.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, self.twists.append, 10)
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)

    def close(self) -> None:
        self._spinner.shutdown()
        self.destroy_node()

    def connected(self) -> bool:
        return bool(self._time.get_subscription_count() and self._joy.get_subscription_count())

    def run(self, seconds: float, steer: bool = False, lag: float | None = None) -> list[float]:
        """Let time pass, the stick held forward or silent, and return the speeds that were commanded meanwhile.

        ``lag``: seconds by which the joystick's stamps are old; None: it leaves them out.
        """
        self.twists.clear()
        for _ in range(round(seconds / TICK)):
            self.now += round(TICK * NANOSECONDS)
            self._time.publish(Clock(clock=convert.to_stamp(self.now)))
            if steer:
                stamp = 0 if lag is None else self.now - round(lag * NANOSECONDS)
                self._forward.header.stamp = convert.to_stamp(stamp)
                self._joy.publish(self._forward)
            deadline = time.monotonic() + TICK
            while (left := deadline - time.monotonic()) > 0:
                self._spinner.spin_once(left)
        return [twist.twist.linear.x for twist in self.twists]


@pytest.fixture(scope="module")
def teleop(processes: NodeProcesses) -> NodeProcesses:
    processes.start("teleop")
    return processes


@pytest.fixture
def bench(teleop: NodeProcesses, pad: Joystick) -> Iterator[Bench]:
    """Teleoperation that is being steered, and does as it is told."""
    bench = Bench(pad)
    deadline = time.monotonic() + 30.0
    while not (bench.connected() and any(bench.run(0.5, steer=True))):
        assert time.monotonic() < deadline, "teleoperation does not answer"
    yield bench
    bench.close()


@pytest.mark.parametrize("jump", [-600.0, 600.0])
def test_a_clock_that_is_set_makes_it_neither_deaf_nor_engaged_for_ever(bench: Bench, jump: float) -> None:
    bench.now += round(jump * NANOSECONDS)
    bench.run(0.6)
    assert not any(bench.run(0.4)), "a silent joystick is let go"
    assert any(bench.run(0.8, steer=True)), "and one that speaks is heard"


@pytest.mark.parametrize(("lag", "side"), [(10.0, "behind"), (-600.0, "ahead of")])
def test_what_a_joystick_did_at_another_time_moves_nothing_and_is_named(
    bench: Bench, teleop: NodeProcesses, lag: float, side: str
) -> None:
    bench.run(0.6)
    assert not bench.run(0.6, steer=True, lag=lag)
    assert f"joystick messages come stamped {abs(lag):.2f} s {side} the clock" in teleop.log("teleop").read_text()
    assert any(bench.run(0.8, steer=True, lag=0.05)), "the present is followed again at once"
