"""Finds where a camera is in the frame of the robot's base, and writes it down for ``tracker_node``.

It runs beside the teleoperation with which the hand is driven, and has a service for each thing to do, as ROS's other
tools for hand-eye calibration have:
``~/sample`` (std_srvs/Trigger), method ``touch``: the fingers are closed around the tagged block, so its place is
known; once they are open, the hand is away and the tag in sight, the place counts. Method ``hand``: the tag on the hand
is in sight, and the hand at rest.
``~/discard``: forget the last place. ``~/save``: calibrate and write, unless places are too few or disagree.

Subscribes: ``camera/image_raw`` or ``camera/image_raw/compressed``, ``camera/camera_info``, ``joint_states``.
Parameters: see ``CalibrationParameters`` and ``config/calibration.yaml``. How it is done: docs/tracker.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger

from osil.core import FloatArray
from osil.errors import CalibrationError, ConfigError, ObservationError
from osil.files import check_output_file
from osil.resources import config_path
from osil.robots.joint_states import JointStates
from osil.robots.recency import Received, check_recent
from osil.robots.robot import load_robot
from osil.ros import convert, images
from osil.ros.camera_topic import CameraInfoTopic, CameraParameters
from osil.ros.joint_topic import hear_joints
from osil.ros.parameters import declare, parameter, require
from osil.ros.run_node import run_node
from osil.settings import from_yaml
from osil.tasks.blocks import Blocks
from osil.tracking.calibration import Calibration, from_hand, from_touches
from osil.tracking.tags import TagFinder, TagSet

METHODS = ("touch", "hand")

AWAY = 0.15
"""The hand must be so far from a block that it has touched, metres, before the camera is asked where that is."""


@dataclass(frozen=True)
class CalibrationParameters(CameraParameters):
    """What is touched or carried, besides, and how exact it has to be."""

    tag: str = parameter("name of the block that is touched, or of the tag on the hand, in the tags")
    method: str = parameter(f"how: {' or '.join(METHODS)}")
    limit: float = parameter("largest residual, metres, root mean square", 0.0001, 0.05)
    output: str = parameter("YAML file that is written")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.method in METHODS, f"method {self.method!r}: expected {' or '.join(METHODS)}")


class CalibrationNode(Node):
    """Pictures, joint states and an operator's word in, a camera's pose out."""

    def __init__(self) -> None:
        super().__init__("calibration")
        self._settings = settings = declare(self, CalibrationParameters)
        check_output_file(Path(settings.output))
        self._robot, self._sizes = load_robot(settings.robot), Blocks(settings.block_size)
        self._tags = from_yaml(TagSet, config_path(settings.tags))
        if settings.tag not in self._tags.names.values():
            raise ConfigError(f"tag {settings.tag!r}: expected one of {', '.join(self._tags.names.values())}")
        self._finder = TagFinder(self._tags)
        self._joints = JointStates(self._robot, settings.max_age)
        self._touched: FloatArray | None = None  # centre of the tag, of which the camera has not told yet
        self._places: list[tuple[FloatArray, FloatArray]] = []  # a touched centre or a hand's orientation and position
        self._pixels: list[FloatArray] = []  # corners of the tag at each
        self._image: Image | CompressedImage | None = None
        hear_joints(self, self._joints.add)
        self._camera = CameraInfoTopic(self, self._warn)
        images.subscribe(self, settings.image_transport, self._store_image)
        for name, answer in (("sample", self._sample), ("discard", self._discard), ("save", self._save)):
            self.create_service(Trigger, f"~/{name}", answer)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _warn(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=1.0)

    def _store_image(self, message: Image | CompressedImage) -> None:
        self._image = message
        if self._touched is None:
            return
        try:
            position, _, opening = self._hand()
            if np.linalg.norm(position - self._touched) > AWAY:
                if opening > self._sizes.free_width:
                    self._add(self._touched, self._corners())
                else:  # said once, so never left out for having said something else a moment ago
                    self.get_logger().warning(
                        f"the hand is away and its fingers only {1000 * opening:.0f} mm apart: they may have taken the "
                        "block along, so its place does not count; grasp it and call ~/sample anew"
                    )
                self._touched = None
        except ObservationError as error:
            self._warn(str(error))

    def _newest(self) -> Image | CompressedImage:
        """The newest picture. Raises ObservationError if there is none."""
        if self._image is None:
            topic = images.TRANSPORTS[self._settings.image_transport][1]
            raise ObservationError(f"no picture has come on {topic}; the camera's driver must publish it")
        return self._image

    def _hand(self) -> tuple[FloatArray, FloatArray, float]:
        """Grasp centre ``[3]``, orientation ``[3, 3]`` and opening at the time of the newest picture, base frame.

        Raises:
            ObservationError: picture or joint states are not of now.
        """
        robot, now, stamp = self._robot, self._now(), convert.to_nanoseconds(self._newest().header.stamp)
        check_recent("pictures", Received(stamp, stamp), now, self._settings.max_age)
        self._joints.check(now, list(robot.joints))
        lift = float(self._joints.at([stamp], [robot.lift_joint])[0, 0]) if robot.lift_joint else robot.lift
        arm = self._joints.at([stamp], robot.arm_joints)[0]
        opening = float(self._joints.at([stamp], robot.gripper.joints).sum())
        return robot.kinematics.forward(arm, lift).position, robot.kinematics.orientation(arm), opening

    def _corners(self) -> FloatArray:
        """``[4, 2]`` of the tag in the newest picture.

        Raises:
            ObservationError: it is not in sight, or the picture is not as what is known of its camera.
        """
        picture = images.to_picture(self._newest())
        images.check_same_camera(picture, self._camera.intrinsics)
        found = self._finder.find(picture)
        if self._settings.tag not in found:
            raise ObservationError(f"the tag {self._settings.tag!r} is not in sight; drive the hand out of the way")
        return found[self._settings.tag]

    def _add(self, place: Any, corners: FloatArray) -> str:
        self._places.append(place)
        self._pixels.append(corners)
        try:
            so_far = self._calibrate().summary
        except (CalibrationError, ObservationError) as error:
            so_far = str(error)
        message = f"place {len(self._places)} counts; {so_far}"
        self.get_logger().info(message)
        return message

    def _sample(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Take note of where the hand is."""
        try:
            position, orientation, opening = self._hand()
            if self._settings.method == "hand":
                response.message = self._add((orientation, position), self._corners())
            else:
                self._touched = self._touched_centre(position, opening)
                place = ", ".join(f"{number:.3f}" for number in self._touched)
                response.message = f"tag touched at {place} m; now open the fingers and drive the hand away"
            response.success = True
        except ObservationError as error:
            response.message = str(error)
        return response

    def _touched_centre(self, position: FloatArray, opening: float) -> FloatArray:
        """Centre ``[3]`` of the tag on the block in the fingers, which stands on the table or on other blocks.

        Raises:
            ObservationError: nothing is in the fingers.
        """
        if not 0.5 * self._sizes.size < opening < self._sizes.held_width:
            raise ObservationError(
                f"the fingers are {1000 * opening:.0f} mm apart: expected them closed around a block of "
                f"{1000 * self._sizes.size:.0f} mm"
            )
        table = self._settings.table_height or self._robot.table.height
        level = max(0, round((position[2] - table - self._sizes.half) / self._sizes.size))
        return np.array([position[0], position[1], table + (level + 1) * self._sizes.size])

    def _discard(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Forget the last place."""
        if self._touched is not None:
            self._touched = None
        elif self._places:
            self._places.pop()
            self._pixels.pop()
        else:
            response.message = "there is no place to discard"
            return response
        response.success, response.message = True, f"{len(self._places)} places count"
        return response

    def _save(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Calibrate and write."""
        try:
            calibration = self._calibrate()
            calibration.pose.write(Path(self._settings.output))
            response.success, response.message = True, f"{self._settings.output} written: {calibration.summary}"
        except (CalibrationError, ObservationError) as error:
            response.message = str(error)
        except OSError as error:
            response.message = (
                f"cannot write {self._settings.output}: {error.strerror}; all places are kept: free the disk or "
                "make the folder writable, and save again"
            )
        return response

    def _calibrate(self) -> Calibration:
        """Raises CalibrationError if places are too few or disagree, ObservationError if the camera is not known."""
        intrinsics, limit = self._camera.intrinsics, self._settings.limit
        if self._settings.method == "hand":
            return from_hand(self._places, np.array(self._pixels), self._tags, intrinsics, limit)
        return from_touches(np.array(self._places), np.array(self._pixels), intrinsics, limit)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(CalibrationNode, "calibration.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
