"""Tells where tagged blocks are, from the pictures of a camera that is calibrated to the robot.

Subscribes: ``camera/image_raw`` (sensor_msgs/Image) or ``camera/image_raw/compressed`` (CompressedImage), and
``camera/camera_info`` (CameraInfo); ``joint_states``, because a block that the fingers hold goes with them.
Publishes: ``block_poses`` (BlockPoseArray in base_link, stamped as the picture): each block that was ever in sight,
those out of sight where they must be. How long ago each was seen and how sure that is stands in ``/diagnostics``.
Service: ``~/forget`` (std_srvs/Trigger): know nothing any more of blocks out of sight; for after some were taken away.
Parameters: see ``TrackerParameters`` and ``config/tracker.yaml``. Tags, mounting and calibration: docs/tracker.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger

from osil.core import Scene
from osil.errors import ObservationError
from osil.resources import config_path
from osil.robots.joint_states import JointStates
from osil.robots.recency import Received, check_recent, recent, seconds_since
from osil.robots.robot import load_robot
from osil.ros import convert, images, topics
from osil.ros.camera_topic import CameraInfoTopic, CameraParameters
from osil.ros.diagnostics import Diagnostics
from osil.ros.joint_topic import hear_joints
from osil.ros.parameters import declare, parameter
from osil.ros.run_node import run_node
from osil.settings import from_yaml
from osil.tasks.blocks import Blocks
from osil.tracking.camera import Camera, CameraPose
from osil.tracking.tags import TagFinder, TagSet
from osil.tracking.tracker import BlockTracker
from osil_interfaces.msg import BlockPoseArray

GAP = 1.0
"""Seconds without a picture after which the tracker begins anew: what was out of sight may be anywhere."""

WATCH_PERIOD = 0.5
"""Seconds of the machine's clock after which it is looked whether pictures come."""


@dataclass(frozen=True)
class TrackerParameters(CameraParameters):
    """Where the camera is, besides."""

    camera_pose: str = parameter("where the camera is: a YAML in config/, or a path")


class TrackerNode(Node):
    """Pictures and joint states in, block poses out."""

    def __init__(self) -> None:
        super().__init__("tracker")
        self._settings = settings = declare(self, TrackerParameters)
        self._robot = load_robot(settings.robot)
        self._tags = from_yaml(TagSet, config_path(settings.tags))
        self._pose = from_yaml(CameraPose, config_path(settings.camera_pose))
        self._finder = TagFinder(self._tags)
        self._joints = JointStates(self._robot, settings.max_age)
        self._begin_anew()
        self._stamp = 0  # of the newest picture
        self._arrived = 0  # when it came, nanoseconds of the node's clock
        self._problem = ""
        self._diagnostics = Diagnostics(self, "blocks")
        self._block_poses = self.create_publisher(BlockPoseArray, topics.BLOCK_POSES, 1)
        hear_joints(self, self._joints.add)
        self._camera = CameraInfoTopic(self, self._tell_problem)
        images.subscribe(self, settings.image_transport, self._look)
        self.create_service(Trigger, "~/forget", self._forget)
        self.create_timer(WATCH_PERIOD, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _begin_anew(self) -> None:
        height = self._settings.table_height or self._robot.table.height
        self._tracker = BlockTracker(self._tags, Blocks(self._settings.block_size), height)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _look(self, message: Image | CompressedImage) -> None:
        self._arrived = self._now()
        try:
            if self._take_in(message):
                self._publish()
        except ObservationError as error:
            self._tell_problem(str(error))

    def _take_in(self, message: Image | CompressedImage) -> bool:
        """Whether the picture could be used; an older one than the newest is passed over.

        Raises:
            ObservationError: the picture, its camera or the joints are not known well enough.
        """
        stamp, now = convert.to_nanoseconds(message.header.stamp), self._now()
        check_recent("pictures", Received(stamp, now), now, self._settings.max_age)
        if 0.0 <= seconds_since(stamp, self._stamp) <= GAP:
            return False
        intrinsics = self._camera.intrinsics
        self._joints.check(now, list(self._robot.joints))
        picture = images.to_picture(message)
        images.check_same_camera(picture, intrinsics)
        tags = self._finder.find(picture)
        if not recent(self._stamp, stamp, GAP):
            self._begin_anew()
        self._carry(stamp)
        self._tracker.see(tags, Camera(intrinsics, self._pose))
        return True

    def _carry(self, stamp: int) -> None:
        """Go on to the time of a picture."""
        robot, before = self._robot, self._stamp
        times = [*(one for one in self._joints.times_since(before) if one < stamp), stamp]
        lift = self._joints.at(times, [robot.lift_joint])[:, 0] if robot.lift_joint else robot.lift
        grippers = robot.kinematics.forward(self._joints.at(times, robot.arm_joints), lift)
        openings = self._joints.at(times, robot.gripper.joints).sum(-1)
        self._tracker.carry(seconds_since(before, stamp), grippers, openings)
        self._stamp = stamp

    def _publish(self) -> None:
        names = sorted(self._tracker.blocks)
        blocks = [self._tracker.blocks[name] for name in names]
        if blocks:
            scene = Scene(np.stack([one.position for one in blocks]), np.array([one.yaw for one in blocks]))
            poses = convert.from_scene(scene, names)
        else:
            poses = []
        self._block_poses.publish(convert.from_blocks(poses, self._stamp))
        self._problem = ""
        self._tell()

    def _watch(self) -> None:
        """Say so if no pictures come."""
        if not recent(self._arrived, self._now(), GAP):
            _, topic = images.TRANSPORTS[self._settings.image_transport]
            self._tell_problem(f"no picture has come on {topic} for {GAP:g} s; is the camera running?")

    def _tell_problem(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=1.0)
        self._problem = problem
        self._tell()

    def _tell(self) -> None:
        blocks = self._tracker.blocks
        hidden = sorted(name for name, block in blocks.items() if block.age > 0.0)
        seen = f"{len(blocks) - len(hidden)} blocks in sight"
        message = f"{seen}, out of sight: {', '.join(hidden)}" if hidden else seen
        values = {
            name: f"{'held' if block.held else 'free'}, seen {block.age:.2f} s ago, confidence {block.confidence:.2f}"
            for name, block in sorted(blocks.items())
        }
        level = DiagnosticStatus.WARN if self._problem or not blocks else DiagnosticStatus.OK
        self._diagnostics.tell(level, self._problem or message, values, bool(self._problem) or message)

    def _forget(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        hidden = self._tracker.forget_hidden()
        response.success = True
        response.message = f"forgot {', '.join(hidden)}" if hidden else "all blocks are in sight"
        self._tell()
        return response


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(TrackerNode, "tracker.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
