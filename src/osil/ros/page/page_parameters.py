"""The parameters of the page node, apart from what needs viser."""

from __future__ import annotations

from dataclasses import dataclass

from osil.choices import ROBOT
from osil.ros.parameters import parameter, require, require_positive


@dataclass(frozen=True)
class PageParameters:
    """Where the page is, what it shows, and how it moves the arm."""

    robot: str = parameter(ROBOT)
    block_size: float = parameter("edge length of the blocks, metres")
    host: str = parameter("address on which the page listens: 127.0.0.1 is reached from this machine alone")
    port: int = parameter("on which the page listens; 0: any that is free")
    max_speed: float = parameter("of the gripper while it is dragged [m/s]")
    max_age: float = parameter("seconds after which a joint state is too old to act upon")
    confirm: bool = parameter("ask before the first motion of an imitation")

    def __post_init__(self) -> None:
        require_positive(self, "max_speed", "max_age")
        require(0 <= self.port < 65536, f"port {self.port}: expected 0 to 65535")
