"""A camera is found where it is from points that are not exact, and not at all from points that cannot tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from transforms3d.euler import euler2mat

from osil.core import FloatArray
from osil.errors import CalibrationError
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.settings import from_yaml
from osil.tracking.calibration import from_hand, from_touches
from osil.tracking.camera import Camera, CameraPose, Intrinsics
from osil.tracking.tags import TagSet

FETCH = load_robot("fetch")
TAGS = from_yaml(TagSet, resource_path("config", "tags.yaml"))
MATRIX = np.array([[1450.0, 0.0, 640.0], [0.0, 1450.0, 360.0], [0.0, 0.0, 1.0]])
CAMERA = Camera(
    Intrinsics(1280, 720, MATRIX, np.array([0.1, -0.2, 0.001, 0.001, 0.0])),
    from_yaml(CameraPose, resource_path("config", "camera_pose.yaml")),
)
LIMIT = 0.005
"""Metres."""

TOUCH_ERROR, PIXEL_ERROR = 0.001, 0.15
"""Standard deviations, metres and pixels."""


def places(rng: np.random.Generator, count: int = 8) -> FloatArray:
    """Centres of tags all over the table, some of them on other blocks."""
    near, far, aside = FETCH.table.extent
    levels = FETCH.table.height + 0.04 * rng.integers(1, 4, size=count)
    return np.column_stack([rng.uniform(near, far, count), np.linspace(-aside, aside, count), levels])


def seen(points: FloatArray) -> FloatArray:
    """Corners ``[N, 4, 2]`` of level tags with these centres."""
    return np.array([CAMERA.project(TAGS.corners + point) for point in points])


def apart(camera: Camera, points: FloatArray) -> float:
    """Greatest distance (metres) at which the true camera and another one take what they see at the same pixels."""
    pixels, heights = CAMERA.project(points), points[:, 2]
    rays = camera.rays(pixels)
    met = camera.position + rays * ((heights - camera.position[2]) / rays[:, 2])[:, None]
    return float(np.linalg.norm(met - points, axis=-1).max())


@pytest.mark.parametrize("seed", range(5))
def test_touching_finds_the_camera_in_spite_of_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = places(rng)
    pixels = seen(points) + rng.normal(0.0, PIXEL_ERROR, (len(points), 4, 2))
    touched = points + rng.normal(0.0, TOUCH_ERROR, points.shape)
    found = from_touches(touched, pixels, CAMERA.intrinsics, LIMIT)
    assert 0.2 < found.pose.residual_mm < 2.5, "as large as the noise"
    assert apart(Camera(CAMERA.intrinsics, found.pose), places(rng, 30)) < 0.006


def test_exact_points_find_it_exactly() -> None:
    points = places(np.random.default_rng(0))
    found = from_touches(points, seen(points), CAMERA.intrinsics, LIMIT)
    assert np.allclose(found.pose.translation, CAMERA.position, atol=1e-3)
    assert np.allclose(found.pose.rotation, CAMERA.rotation, atol=1e-3)
    assert found.residuals.max() < 1e-4, "what the lens bends within a tag"


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    pose = from_touches(points := places(np.random.default_rng(0)), seen(points), CAMERA.intrinsics, LIMIT).pose
    pose.write(tmp_path / "pose.yaml")
    assert from_yaml(CameraPose, tmp_path / "pose.yaml") == pose


def test_places_on_a_line_are_refused() -> None:
    points = np.array([0.55, 0.0, 0.44]) + np.linspace(-0.3, 0.3, 8)[:, None] * (0.1, 1.0, 0.0)
    points += np.random.default_rng(0).normal(0.0, TOUCH_ERROR, points.shape)
    with pytest.raises(CalibrationError, match="lie on a line"):
        from_touches(points, seen(points), CAMERA.intrinsics, LIMIT)


def test_too_few_are_refused() -> None:
    points = places(np.random.default_rng(0), 3)
    with pytest.raises(CalibrationError, match="at least 4 places, got 3"):
        from_touches(points, seen(points), CAMERA.intrinsics, LIMIT)


def test_a_block_that_was_pushed_between_touch_and_picture_is_noticed() -> None:
    points = places(np.random.default_rng(0))
    pixels = seen(points)
    points[2] += (0.03, 0.0, 0.0)
    with pytest.raises(CalibrationError, match="mm rms over 8 places") as refused:
        from_touches(points, pixels, CAMERA.intrinsics, LIMIT)
    assert "expected at most 5 mm" in str(refused.value)


def hand_poses(rng: np.random.Generator, tilt: float, count: int = 12) -> list[tuple[FloatArray, FloatArray]]:
    """The hand over the table, turned about z and tilted by up to ``tilt`` radians."""
    found = []
    for _ in range(count):
        roll, pitch, yaw = rng.uniform(-tilt, tilt), rng.uniform(-tilt, tilt), rng.uniform(-0.5, 0.5)
        position = np.array([rng.uniform(0.5, 0.7), rng.uniform(-0.3, 0.3), rng.uniform(0.5, 0.8)])
        found.append((euler2mat(roll, pitch, yaw), position))
    return found


def seen_on_hand(hands: list[tuple[FloatArray, FloatArray]], rng: np.random.Generator) -> FloatArray:
    """Corners ``[N, 4, 2]`` of a tag that looks forward and up from the side of the hand."""
    turn, shift = euler2mat(0.1, 0.7, 0.2), np.array([0.06, 0.01, 0.08])
    on_hand = TAGS.corners @ turn.T + shift
    corners = [CAMERA.project(on_hand @ rotation.T + position) for rotation, position in hands]
    return np.array(corners) + rng.normal(0.0, PIXEL_ERROR, (len(hands), 4, 2))


@pytest.mark.parametrize("seed", range(5))
def test_a_tag_on_the_hand_finds_the_camera(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hands = hand_poses(rng, tilt=0.6)
    found = from_hand(hands, seen_on_hand(hands, rng), TAGS, CAMERA.intrinsics, LIMIT)
    assert apart(Camera(CAMERA.intrinsics, found.pose), places(rng, 30)) < 0.01


def test_a_hand_that_only_turns_about_one_axis_is_refused() -> None:
    rng = np.random.default_rng(0)
    hands = hand_poses(rng, tilt=0.0)
    with pytest.raises(CalibrationError, match="about one axis only"):
        from_hand(hands, seen_on_hand(hands, rng), TAGS, CAMERA.intrinsics, LIMIT)
