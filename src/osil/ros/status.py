"""What a node says of itself, and whether it still does: at once when there is news, and twice a second."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.subscription import MessageInfo

from osil.ros.sources import publisher_of
from osil.ros.timing import Listening
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


class StatusWatch(Generic[M]):
    """Hears what a ``StatusTopic`` tells, and for how long it has told nothing.

    What the middleware says is not enough: it offers what a killed node offered for many seconds more.

    Attributes:
        status: what was told last; None: nothing yet, and never by a node of another make.
        speaker: which publisher told it, see ``publisher_of``.

    Args:
        node: that listens.
        kind: of the messages.
        topic: ``controller/status`` or another one.
        heed: called with each status.
    """

    def __init__(self, node: Node, kind: type[M], topic: str, heed: Callable[[M], None] | None = None) -> None:
        self.status: M | None = None
        self.speaker = b""
        self._who, _, _ = topic.partition("/")
        self._heed, self._told = heed, 0.0
        self._listening = Listening(node)
        node.create_subscription(kind, topic, self._hear, LATCHED)

    @property
    def silent(self) -> float:
        """Seconds of the machine's clock for which the node listened and heard nothing; 0 if it never heard it."""
        return self._listening.seconds - self._told if self.status is not None else 0.0

    def problem(self, timeout: float) -> str:
        """Why it counts as gone: it once told something, and nothing for ``timeout`` seconds; empty if it does not."""
        silent = self.silent
        return f"nothing was heard of the {self._who} for {silent:.1f} s; is it running?" if silent > timeout else ""

    def _hear(self, status: M, info: MessageInfo) -> None:
        self.status, self.speaker, self._told = status, publisher_of(info), self._listening.seconds
        if self._heed:
            self._heed(status)


def _gist(value: Any) -> Any:
    """A text without its numbers: that a delay has grown is no news, in every control step."""
    return re.sub(r"[0-9.]+", "", value) if isinstance(value, str) else value
