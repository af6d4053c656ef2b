"""How a robot is commanded: one small interface, and what stands behind it, chosen by a parameter of the controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from rclpy.node import Node

from osil.errors import ConfigError
from osil.robots.robot import Robot
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory
from osil.ros.trajectory_action import TrajectoryAction
from osil.ros.trajectory_topic import TrajectoryTopic


class BackEnd(Protocol):
    """What moves the arm. Nothing here waits. Each trajectory takes the place of the last, and ends at rest."""

    def send(self, trajectory: Trajectory) -> None:
        """Let the arm follow a trajectory from now on. Its first point is where the arm is told to be already."""

    def grip(self, opening: float) -> None:
        """Move the finger pads to ``opening`` metres apart."""

    def problems(self) -> Mapping[StopReason, str]:
        """What stands in the way now, by reason; empty text: no longer."""


BACK_ENDS: Mapping[str, Callable[[Node, Robot], BackEnd]] = {"topic": TrajectoryTopic, "action": TrajectoryAction}
"""By the name that the parameter takes."""


def make_back_end(name: str, node: Node, robot: Robot) -> BackEnd:
    """The back end of a name in ``BACK_ENDS``.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in BACK_ENDS:
        raise ConfigError(f"back_end {name!r}: expected {' or '.join(BACK_ENDS)}")
    return BACK_ENDS[name](node, robot)
