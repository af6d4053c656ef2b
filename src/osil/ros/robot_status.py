"""What a driver or a bridge says of the robot, to whoever commands it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rclpy.node import Node

from osil.robots.stop_reasons import StopReason
from osil.ros import topics
from osil_interfaces.msg import RobotStatus

SILENCE = 2.0
"""Seconds of the machine's clock after which a driver that has spoken is gone; it speaks twice a second."""

REASONS = (StopReason.LOST_CONNECTION, StopReason.EMERGENCY_STOP, StopReason.RUN_STOP, StopReason.FAULT)
"""What it may say; anything else is a fault."""


class RobotStatusWatch:
    """Listens on ``ROBOT_STATUS``. Where nobody ever speaks, as in simulation, nothing is wrong."""

    def __init__(self, node: Node) -> None:
        self._status, self._heard = RobotStatus(), 0.0
        node.create_subscription(RobotStatus, topics.ROBOT_STATUS, self._hear, topics.LATCHED)

    def _hear(self, status: RobotStatus) -> None:
        self._status, self._heard = status, time.monotonic()

    def problems(self) -> Mapping[StopReason, str]:
        """What stands in the way now, by reason; empty text: no longer."""
        problems = dict.fromkeys(REASONS, "")
        if self._heard and time.monotonic() - self._heard > SILENCE:
            problems[StopReason.LOST_CONNECTION] = (
                f"{topics.ROBOT_STATUS} has been silent for {SILENCE:g} s; is the robot's driver or bridge running?"
            )
        elif name := self._status.reason_name:
            reason = StopReason.__members__.get(name, StopReason.FAULT)
            problems[reason if reason in REASONS else StopReason.FAULT] = self._status.reason or name
        return problems
