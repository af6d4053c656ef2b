"""What a node says of itself: at once when there is news, and twice a second, so that whoever misses it knows."""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from osil.ros.topics import LATCHED

M = TypeVar("M")

PERIOD = 0.5
"""Seconds of the machine's clock: simulated time may be slow, or stand still."""


class StatusTopic(Generic[M]):
    """Keeps and publishes one status message that has a header, a state and a reason.

    Attributes:
        message: what was told last. Fields that are set here are published with the next news.
    """

    def __init__(self, node: Node, topic: str, message: M) -> None:
        """``message``: what holds at the start."""
        self.message: Any = message
        self._node = node
        self._publisher = node.create_publisher(type(message), topic, LATCHED)
        node.create_timer(PERIOD, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def tell(self, **fields: Any) -> None:
        """Set fields of the message, and publish it if they are news."""
        before = {name: _gist(getattr(self.message, name)) for name in fields}
        for name, value in fields.items():
            setattr(self.message, name, value)
        if before != {name: _gist(value) for name, value in fields.items()}:
            self.publish()

    def publish(self) -> None:
        """Say it, again if need be."""
        self.message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(self.message)


def _gist(value: Any) -> Any:
    """A text without its numbers: that a delay has grown is no news, in every control step."""
    return re.sub(r"[0-9.]+", "", value) if isinstance(value, str) else value
