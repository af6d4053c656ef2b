"""The parameters of the page node, apart from what needs viser."""

from __future__ import annotations

from dataclasses import dataclass

from osil.choices import ROBOT
from osil.ros.parameters import parameter
from osil.tasks.blocks import LARGEST, SMALLEST


@dataclass(frozen=True)
class PageParameters:
    """Where the page is, what it shows, and how it moves the arm."""

    robot: str = parameter(ROBOT)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)
    listen_address: str = parameter("where the page listens; 127.0.0.1 is reached from this machine alone")
    listen_port: int = parameter("on which the page listens; 0: any that is free", 0, 65535)
    max_speed: float = parameter("of the gripper while it is dragged [m/s]", 0.01, 1.0)
    max_age: float = parameter("seconds after which a joint state is too old to act upon", 0.01, 5.0)
    confirm: bool = parameter("ask before the first motion of an imitation")
