"""Pictures and what is known of their camera: messages to arrays and back, as cv_bridge does, which has no wheel.

Pictures come raw or compressed, as with image_transport. One of a megabyte is cut into many packets on the way, of
which a busy machine loses some, so what is published compressed arrives more surely.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from osil.errors import ObservationError
from osil.ros.convert import to_stamp
from osil.ros.parameters import require
from osil.ros.topics import CAMERA_IMAGE, NEWEST
from osil.tracking.camera import Intrinsics
from osil.tracking.opencv import cv2

TRANSPORTS = {"raw": (Image, CAMERA_IMAGE), "compressed": (CompressedImage, f"{CAMERA_IMAGE}/compressed")}
"""Type and topic of the messages by the name of their transport."""

CAMERA_FRAME = "camera_optical_frame"

RGB = {"rgb8": [0, 1, 2], "bgr8": [2, 1, 0], "rgba8": [0, 1, 2], "bgra8": [2, 1, 0]}
"""Where red, green and blue are among the bytes of a pixel."""

CHANNELS = {"mono8": 1, "rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4}
"""Bytes a pixel."""

MODELS = ("plumb_bob", "rational_polynomial", "")
"""Models of distortion that OpenCV's pinhole camera knows."""


def check_transport(transport: str) -> None:
    """Raise ConfigError for a transport that there is not."""
    require(transport in TRANSPORTS, f"image_transport {transport!r}: expected {' or '.join(TRANSPORTS)}")


def subscribe(node: Node, transport: str, callback: Callable[[Any], None]) -> Subscription:
    """Have ``callback`` called with the newest picture, an Image or a CompressedImage."""
    kind, topic = TRANSPORTS[transport]
    return node.create_subscription(kind, topic, callback, NEWEST)


def to_picture(message: Image | CompressedImage) -> NDArray[np.uint8]:
    """The picture ``[height, width, 3]``, RGB, or ``[height, width]`` of grey values.

    Raises:
        ObservationError: an encoding that is not known, or as many bytes as there should be are not there.
    """
    if isinstance(message, CompressedImage):
        try:
            picture = cv2.imdecode(np.frombuffer(message.data, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        except cv2.error:  # of nothing at all, and of pictures larger than any
            picture = None
        if picture is None:
            raise ObservationError(f"picture: expected PNG or JPEG, got {message.format!r}, which cannot be read")
        return np.asarray(picture, dtype=np.uint8)
    if message.encoding not in CHANNELS:
        raise ObservationError(f"picture: expected encoding {', '.join(CHANNELS)}, got {message.encoding!r}")
    row = message.width * CHANNELS[message.encoding]
    if not row or message.step < row or len(message.data) != message.step * message.height:
        raise ObservationError(
            f"picture: expected {message.height} rows of {row or 1} bytes or more, got {len(message.data)} bytes with "
            f"step {message.step}"
        )
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)[:, :row]
    if message.encoding == "mono8":
        return np.ascontiguousarray(rows)
    return np.ascontiguousarray(rows.reshape(message.height, message.width, -1)[..., RGB[message.encoding]])


def from_picture(picture: NDArray[np.uint8], nanoseconds: int, transport: str) -> Image | CompressedImage:
    """A picture ``[height, width, 3]``, RGB, as a camera publishes it; compressed without loss."""
    # Of any sequence but an array rclpy would look at each byte.
    if transport == "compressed":
        data = array("B", cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
        return CompressedImage(header=_header(nanoseconds), format="rgb8; png compressed bgr8", data=data)
    height, width, _ = picture.shape
    data = array("B", picture.tobytes())
    header = _header(nanoseconds)
    return Image(header=header, height=height, width=width, encoding="rgb8", step=3 * width, data=data)


def to_intrinsics(message: CameraInfo) -> Intrinsics:
    """What is known of a camera.

    Raises:
        ObservationError: it is not calibrated, or has a model of distortion that is not known.
    """
    matrix = np.array(message.k, dtype=float).reshape(3, 3)
    distortion = np.array(message.d, dtype=float) if message.d else np.zeros(5)
    finite = np.isfinite(matrix).all() and np.isfinite(distortion).all()
    if not (finite and matrix[0, 0] > 0.0 and matrix[1, 1] > 0.0 and matrix[2, 2] == 1.0):
        raise ObservationError(
            "camera_info: expected focal lengths in K and finite numbers, got others; calibrate the camera by itself "
            "first, for example with camera_calibration"
        )
    if message.distortion_model not in MODELS or len(message.d) not in (0, 4, 5, 8):
        raise ObservationError(
            "camera_info: expected distortion model plumb_bob or rational_polynomial, got "
            f"{message.distortion_model!r} with {len(message.d)} coefficients; use the rectified picture"
        )
    return Intrinsics(message.width, message.height, matrix, distortion)


def from_intrinsics(intrinsics: Intrinsics, nanoseconds: int) -> CameraInfo:
    """The same as a camera publishes it."""
    matrix = intrinsics.matrix
    return CameraInfo(
        header=_header(nanoseconds),
        height=intrinsics.height,
        width=intrinsics.width,
        distortion_model="plumb_bob",
        d=intrinsics.distortion.tolist(),
        k=matrix.ravel().tolist(),
        r=np.eye(3).ravel().tolist(),
        p=np.column_stack([matrix, np.zeros(3)]).ravel().tolist(),
    )


def check_same_camera(picture: NDArray[np.uint8], intrinsics: Intrinsics) -> None:
    """Raise ObservationError if a picture is not as large as its camera's are said to be."""
    height, width = picture.shape[:2]
    if (width, height) != (intrinsics.width, intrinsics.height):
        raise ObservationError(
            f"picture of {width} x {height} pixels, camera_info of {intrinsics.width} x {intrinsics.height}: expected "
            "both of one camera; check how topics are remapped"
        )


def _header(nanoseconds: int) -> Header:
    return Header(stamp=to_stamp(nanoseconds), frame_id=CAMERA_FRAME)
