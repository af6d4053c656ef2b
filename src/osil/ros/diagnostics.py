"""What a node says of its health where ROS tools look for it: at once when it changes, and once a second."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from osil.robots.gate_status import State, Status
from osil.robots.stop_reasons import StopReason

PERIOD = 1.0
"""Seconds of the machine's clock, as diagnostic tools expect."""


class Diagnostics:
    """Publishes one status of a node on ``/diagnostics``, the one name that the tools know."""

    def __init__(self, node: Node, name: str) -> None:
        """``name``: of what is told of, after that of the node."""
        self._node = node
        self._told: Hashable = None
        self._status = DiagnosticStatus(name=f"{node.get_fully_qualified_name()}: {name}", level=DiagnosticStatus.OK)
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 1)
        node.create_timer(PERIOD, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def tell(self, level: bytes, message: str, values: Mapping[str, str], news: Hashable) -> None:
        """Say how it stands, at once if ``news`` is other than before."""
        self._status.level, self._status.message = level, message
        self._status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        told, self._told = self._told, news
        if told != news:
            self._publish()

    def _publish(self) -> None:
        message = DiagnosticArray(status=[self._status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


class GateDiagnostics(Diagnostics):
    """The state of a safety gate."""

    def tell_gate(self, status: Status) -> None:
        """Say what a gate does."""
        well = status.reason in (None, StopReason.NO_COMMAND)
        stopped = status.state is State.STOPPED
        values = {
            "state": status.state.name,
            "reason": status.reason.name if status.reason else "",
            "ends": status.reason.cleared_by.value if status.reason else "",
            "commander": status.commander,
        }
        self.tell(
            DiagnosticStatus.ERROR if stopped else DiagnosticStatus.OK if well else DiagnosticStatus.WARN,
            status.text or f"following {status.commander}",
            values,
            (status.state, status.reason),
        )
