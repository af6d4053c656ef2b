"""Who speaks on a topic, so that two sources on one input are noticed and named."""

from __future__ import annotations

import time

from rclpy.node import Node
from rclpy.subscription import MessageInfo

LATELY = 1.0
"""Seconds of the machine's clock for which a publisher counts as speaking after a message."""


def publisher_of(info: MessageInfo) -> bytes:
    """What identifies the publisher of a message. Before ROS 2 Kilted nothing does, and it is empty."""
    gid = info.get("publisher_gid")
    return bytes(gid["data"]) if gid else b""


class Sources:
    """Listens along with the callback of a subscription, which has to take a MessageInfo as its second argument."""

    def __init__(self, node: Node, topic: str) -> None:
        """``topic``: as it was given to the subscription."""
        self._node, self._topic = node, topic
        self._heard: dict[bytes, float] = {}

    def hear(self, info: MessageInfo) -> bytes:
        """Take note of a message; returns ``publisher_of`` it."""
        now, source = time.monotonic(), publisher_of(info)
        self._heard = {one: then for one, then in self._heard.items() if now - then < LATELY} | {source: now}
        return source

    def several(self) -> str:
        """The nodes that publish on the topic, if more than one has spoken lately; else empty.

        Where publishers cannot be told apart, all that the topic has count as speaking.
        """
        if len(self._heard) < 2 and b"" not in self._heard:
            return ""
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        names = [
            f"{one.node_namespace.rstrip('/')}/{one.node_name}"
            for one in publishers
            if bytes(one.endpoint_gid) in self._heard or b"" in self._heard
        ]
        return " and ".join(sorted(names)) if len(names) > 1 else ""

    def hear_the_only(self, info: MessageInfo) -> None:
        """``hear`` where one node should speak: warns, once a second, while more than one does."""
        self.hear(info)
        if several := self.several():
            self._node.get_logger().warning(
                f"{several} command at the same time on {self._topic}; end all but one", throttle_duration_sec=1.0
            )
