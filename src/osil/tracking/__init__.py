"""Where tagged blocks are, from pictures of a camera that is calibrated to the robot. Neither ROS nor a clock."""

from osil.errors import ResourceError

try:
    import cv2

    cv2.aruco.ArucoDetector  # noqa: B018  from OpenCV 4.7 on
except (ImportError, AttributeError) as error:
    raise ResourceError(
        "tracking needs OpenCV 4.7 or newer with cv2.aruco; pip install opencv-python-headless, or the extra 'tracker'"
    ) from error
