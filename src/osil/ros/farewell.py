"""What a node that was told to leave still has to say, and to hear."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node

FAREWELL = 0.3
"""Seconds that a node which was told to leave takes at most. No parameter: launch files kill a node that takes long."""


def linger(node: Node, over: Callable[[], bool] = lambda: False) -> None:
    """Let the callbacks of ``node`` go on until it is ``over``, but not for long."""
    deadline = time.monotonic() + FAREWELL
    while not over() and time.monotonic() < deadline and node.executor is not None:
        node.executor.spin_once(FAREWELL / 10)
