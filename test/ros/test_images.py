"""Pictures survive the way through messages, whatever their encoding; what cannot be read is refused by name."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from osil.errors import ObservationError
from osil.ros import images
from osil.tracking.camera import Intrinsics

PICTURE = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
MATRIX = np.array([[700.0, 0.0, 320.0], [0.0, 710.0, 240.0], [0.0, 0.0, 1.0]])


def test_a_picture_comes_back_as_it_was() -> None:
    message = images.from_picture(PICTURE, 123, "raw")
    assert (message.width, message.height, message.header.stamp.nanosec) == (7, 5, 123)
    assert (images.to_picture(message) == PICTURE).all()


@pytest.mark.parametrize(("encoding", "order"), [("bgr8", [2, 1, 0]), ("rgba8", [0, 1, 2, 0]), ("bgra8", [2, 1, 0, 0])])
def test_other_encodings_are_read_with_padded_rows(encoding: str, order: list[int]) -> None:
    rows = PICTURE[..., order].reshape(5, -1)
    padded = np.pad(rows, ((0, 0), (0, 3)))
    data = array("B", padded.tobytes())
    message = Image(width=7, height=5, encoding=encoding, step=padded.shape[1], data=data)
    assert (images.to_picture(message) == PICTURE).all()


def test_a_compressed_picture_comes_back_in_grey() -> None:
    found = images.to_picture(images.from_picture(PICTURE, 123, "compressed"))
    assert np.abs(found - PICTURE @ (0.299, 0.587, 0.114)).max() <= 1.0


def test_what_is_no_picture_is_refused() -> None:
    for data in (b"", b"not a picture"):
        with pytest.raises(ObservationError, match="expected PNG or JPEG"):
            images.to_picture(CompressedImage(format="jpeg", data=array("B", data)))


def test_grey_pictures_stay_grey() -> None:
    grey = PICTURE[..., 0]
    message = Image(width=7, height=5, encoding="mono8", step=7, data=array("B", grey.tobytes()))
    assert (images.to_picture(message) == grey).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encoding": "32FC1"}, "expected encoding"),
        ({"height": 6}, "expected 6 rows of 21 bytes"),
        ({"width": 0}, "expected 5 rows of 1 bytes or more"),
    ],
)
def test_pictures_that_cannot_be_read_are_refused(change: dict[str, object], said: str) -> None:
    message = images.from_picture(PICTURE, 0, "raw")
    for name, value in change.items():
        setattr(message, name, value)
    with pytest.raises(ObservationError, match=said):
        images.to_picture(message)


def test_what_is_known_of_a_camera_comes_back() -> None:
    intrinsics = Intrinsics(640, 480, MATRIX, np.array([0.1, -0.2, 0.001, 0.002, 0.03]))
    found = images.to_intrinsics(images.from_intrinsics(intrinsics, 0))
    assert (found.width, found.height) == (640, 480)
    assert np.allclose(found.matrix, MATRIX)
    assert np.allclose(found.distortion, intrinsics.distortion)


def test_a_camera_that_is_not_calibrated_is_refused() -> None:
    with pytest.raises(ObservationError, match="calibrate the camera by itself first"):
        images.to_intrinsics(CameraInfo())


def test_a_fisheye_is_refused() -> None:
    message = images.from_intrinsics(Intrinsics(640, 480, MATRIX, np.zeros(4)), 0)
    message.distortion_model = "equidistant"
    with pytest.raises(ObservationError, match="'equidistant' with 4 coefficients"):
        images.to_intrinsics(message)
