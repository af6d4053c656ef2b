"""Services called for the page, without waiting for their answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.client import Client
from rclpy.node import Node
from rclpy.task import Future

ANSWER = 15.0
"""Seconds of the machine's clock in which a service has to answer: taking in a demonstration takes a while."""

Tell = Callable[[bool, str, Any], object]
"""Told whether it was done, the answer in words, and the answer; None if there is none."""


@dataclass(frozen=True, eq=False)
class _Errand:
    service: str
    answer: Future
    deadline: float
    tell: Tell


class Errands:
    """Call it from the thread that spins the node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._clients: dict[str, Client] = {}
        self._under_way: list[_Errand] = []

    def know(self, service: str, kind: Any) -> None:
        """Get to know a service: one that has just met its client may lose an answer."""
        self._clients[service] = self._node.create_client(kind, service)

    def ready(self, service: str) -> bool:
        """Whether somebody offers a service that is known."""
        return self._clients[service].service_is_ready()

    def call(self, service: str, tell: Tell, **fields: Any) -> None:
        """Call a service that is known, with these fields of the request. ``tell`` is called once."""
        if not self.ready(service):
            node = service.rpartition("/")[0]
            tell(False, f"nobody offers {service}; is the node {node} running?", None)
            return
        client = self._clients[service]
        answer = client.call_async(client.srv_type.Request(**fields))
        self._under_way.append(_Errand(service, answer, time.monotonic() + ANSWER, tell))

    def look(self) -> None:
        """Tell what has been answered, or has not been for too long."""
        now, waiting = time.monotonic(), []
        errands, self._under_way = self._under_way, []
        for errand in errands:
            if errand.answer.done():
                response = errand.answer.result()
                errand.tell(getattr(response, "success", True), getattr(response, "message", ""), response)
            elif now > errand.deadline:
                errand.answer.cancel()
                errand.tell(False, f"{errand.service} has not answered for {ANSWER:.0f} s", None)
            else:
                waiting.append(errand)
        self._under_way += waiting
