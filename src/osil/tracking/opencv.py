"""OpenCV, imported here and nowhere else, so that one that is missing or too old is named."""

from __future__ import annotations

from osil.errors import ResourceError

try:
    import cv2

    cv2.aruco.ArucoDetector  # noqa: B018  since OpenCV 4.7
except (ImportError, AttributeError) as error:
    raise ResourceError(
        'the tracker needs OpenCV 4.7 or newer with its module aruco; pip install "opencv-python-headless<5"'
    ) from error

__all__ = ["cv2"]
