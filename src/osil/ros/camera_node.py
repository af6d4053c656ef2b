"""The camera of the simulation: pictures of its blocks, which carry tags, drawn by the processor.

It is a node of its own so that the physics never waits for it. Start the simulation with ``tracker:=true``.
Subscribes: ``joint_states`` and ``simulation/block_poses``, where blocks really are.
Publishes: ``camera/image_raw`` (sensor_msgs/Image), ``camera/image_raw/compressed`` (CompressedImage) and
``camera/camera_info`` (CameraInfo), stamped as the poses.
Parameters: see ``CameraParameters`` and ``config/camera.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from osil.choices import ROBOT
from osil.errors import ObservationError
from osil.resources import config_path
from osil.robots.joint_states import check_reported
from osil.robots.recency import recent
from osil.robots.robot import load_robot
from osil.ros import convert, images, topics
from osil.ros.joint_topic import hear_joints
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.settings import from_yaml
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil.tracking.camera import CameraPose
from osil.tracking.tags import TagSet
from osil.worlds.snapshot import Snapshot
from osil.worlds.tag_camera import TagCamera
from osil_interfaces.msg import BlockPoseArray


@dataclass(frozen=True)
class CameraParameters:
    """What is seen, from where, how often and how finely."""

    robot: str = parameter(ROBOT)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)
    tags: str = parameter("which tags are on which blocks: a YAML in config/, or a path")
    camera_pose: str = parameter("where the camera is: a YAML in config/, or a path")
    rate: float = parameter("pictures a second", 0.1, 60.0)
    width: int = parameter("of a picture, pixels", 64, 4096)
    height: int = parameter("of a picture, pixels", 64, 4096)


class CameraNode(Node):
    """Poses in, pictures out."""

    def __init__(self) -> None:
        super().__init__("camera")
        self._settings = declare(self, CameraParameters)
        self._robot = load_robot(self._settings.robot)
        self._camera: TagCamera | None = None
        self._num_blocks = 0
        self._joints: dict[str, float] = {}
        self._stamp = 0  # of the newest picture
        self._pictures = {
            transport: self.create_publisher(kind, topic, 1) for transport, (kind, topic) in images.TRANSPORTS.items()
        }
        self._info = self.create_publisher(CameraInfo, topics.CAMERA_INFO, 1)
        hear_joints(self, self._store_joints, topics.NEWEST)
        self.create_subscription(BlockPoseArray, topics.TRUE_BLOCK_POSES, self._look, topics.NEWEST)

    def _store_joints(self, now: int, stamp: int, positions: dict[str, float]) -> None:
        self._joints = positions

    def _look(self, message: BlockPoseArray) -> None:
        stamp = convert.to_nanoseconds(message.header.stamp)
        if recent(self._stamp, stamp, 0.999 / self._settings.rate):
            return
        try:
            check_reported(self._joints, self._robot.all_joints)
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        self._stamp = stamp
        snapshot = Snapshot(convert.pick(self._joints, self._robot.all_joints), *convert.to_poses(message.blocks))
        camera = self._camera_for(len(message.blocks))
        picture = camera.picture(snapshot)
        self._info.publish(images.from_intrinsics(camera.camera.intrinsics, stamp))
        for transport, publisher in self._pictures.items():
            if publisher.get_subscription_count():
                publisher.publish(images.from_picture(picture, stamp, transport))

    def _camera_for(self, num_blocks: int) -> TagCamera:
        if self._camera is not None and num_blocks == self._num_blocks:
            return self._camera
        if self._camera is not None:
            self._camera.close()
        settings, self._num_blocks = self._settings, num_blocks
        self._camera = TagCamera(
            self._robot,
            num_blocks,
            from_yaml(TagSet, config_path(settings.tags)),
            from_yaml(CameraPose, config_path(settings.camera_pose)),
            Blocks(settings.block_size),
            settings.width,
            settings.height,
        )
        return self._camera


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(CameraNode, "camera.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
