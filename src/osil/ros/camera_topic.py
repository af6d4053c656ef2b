"""What nodes that look through a camera have in common: their parameters, and what is known of the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from osil.choices import ROBOT
from osil.errors import ObservationError
from osil.ros import images, topics
from osil.ros.parameters import parameter
from osil.tasks.blocks import LARGEST, SMALLEST
from osil.tracking.camera import Intrinsics


@dataclass(frozen=True)
class CameraParameters:
    """Whose arm is at the table, what the blocks and their tags are like, and how pictures come."""

    robot: str = parameter(ROBOT)
    table_height: float = parameter("of the table top over the floor, metres; 0: the robot's", 0.0, 1.2)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)
    tags: str = parameter("which tags are on which blocks: a YAML in config/, or a path")
    image_transport: str = parameter("how pictures come: raw or compressed")
    max_age: float = parameter("seconds after which pictures and joint states are not used", 0.01, 5.0)

    def __post_init__(self) -> None:
        images.check_transport(self.image_transport)


class CameraInfoTopic:
    """Keeps what the camera's driver told last.

    Args:
        node: that listens.
        tell: called with what is wrong with it.
    """

    def __init__(self, node: Node, tell: Callable[[str], None]) -> None:
        self._intrinsics: Intrinsics | None = None
        self._tell = tell
        node.create_subscription(CameraInfo, topics.CAMERA_INFO, self._store, topics.NEWEST)

    @property
    def intrinsics(self) -> Intrinsics:
        """Raises ObservationError if they are not known."""
        if self._intrinsics is None:
            raise ObservationError(
                f"nothing that can be used has come on {topics.CAMERA_INFO}; the camera's driver must publish it"
            )
        return self._intrinsics

    def _store(self, message: CameraInfo) -> None:
        try:
            self._intrinsics = images.to_intrinsics(message)
        except ObservationError as error:
            self._intrinsics = None
            self._tell(str(error))
