"""What a driver or a bridge says of the robot, to whoever commands it."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.node import Node

from osil.robots.stop_reasons import StopReason
from osil.ros import topics
from osil.ros.status import StatusWatch
from osil_interfaces.msg import RobotStatus

SILENCE = 2.0
"""Seconds of the machine's clock after which a driver that has spoken is gone; it speaks twice a second."""

REASONS = (StopReason.LOST_CONNECTION, StopReason.EMERGENCY_STOP, StopReason.RUN_STOP, StopReason.FAULT)
"""What it may say; anything else is a fault."""


class RobotStatusWatch:
    """Listens on ``ROBOT_STATUS``. Where nobody ever speaks, as in simulation, nothing is wrong."""

    def __init__(self, node: Node) -> None:
        self._watch = StatusWatch(node, RobotStatus, topics.ROBOT_STATUS)

    def problems(self) -> Mapping[StopReason, str]:
        """What stands in the way now, by reason; empty text: no longer."""
        problems, status = dict.fromkeys(REASONS, ""), self._watch.status
        if self._watch.silent > SILENCE:
            problems[StopReason.LOST_CONNECTION] = (
                f"{topics.ROBOT_STATUS} has been silent for {SILENCE:g} s; is the robot's driver or bridge running?"
            )
        elif status is not None and (name := status.reason_name):
            reason = StopReason.__members__.get(name, StopReason.FAULT)
            problems[reason if reason in REASONS else StopReason.FAULT] = status.reason or name
        return problems
