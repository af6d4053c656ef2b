"""What is believed of blocks: as seen, and where they must be while they are not."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import FloatArray
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.resources import resource_path
from osil.robots.kinematics import GripperPose
from osil.settings import from_yaml
from osil.tasks.blocks import NOMINAL
from osil.tracking.camera import Camera, CameraPose, Intrinsics
from osil.tracking.tags import TagSet
from osil.tracking.tracker import BlockTracker

TABLE = 0.4
TAGS = from_yaml(TagSet, resource_path("config", "tags.yaml"))
MATRIX = np.array([[1450.0, 0.0, 640.0], [0.0, 1450.0, 360.0], [0.0, 0.0, 1.0]])
CAMERA = Camera(
    Intrinsics(1280, 720, MATRIX, np.array([0.1, -0.2, 0.001, 0.001, 0.0])),
    from_yaml(CameraPose, resource_path("config", "camera_pose.yaml")),
)
PIXEL_ERROR = 0.15
"""Standard deviation of corners in pictures."""

PLACE = np.array([0.6, 0.1, TABLE + NOMINAL.half])

OPEN, CLOSED = 0.066, 0.04


def hand(*positions: FloatArray, opening: float = OPEN) -> tuple[GripperPose, FloatArray]:
    """On its way through these places."""
    count = len(positions)
    return GripperPose(np.stack(positions), np.zeros(count)), np.full(count, opening)


AWAY = hand(np.array([0.6, -0.3, 0.8]), np.array([0.6, -0.3, 0.8]))


def tag(position: FloatArray, yaw: float = 0.3) -> FloatArray:
    """Corners in the picture of the tag on a block at ``position``."""
    return CAMERA.project(rotate_z(TAGS.corners, yaw) + position + (0.0, 0.0, NOMINAL.half))


@pytest.fixture
def tracker() -> BlockTracker:
    """It has just seen block a, and nothing else."""
    tracker = BlockTracker(TAGS, NOMINAL, TABLE)
    tracker.see({"a": tag(PLACE)}, CAMERA)
    return tracker


@pytest.mark.parametrize("level", range(8))
def test_blocks_are_found_on_towers_of_any_height(level: int) -> None:
    rng = np.random.default_rng(level)
    for _ in range(50):
        tracker = BlockTracker(TAGS, NOMINAL, TABLE)
        place = np.array([rng.uniform(0.4, 0.75), rng.uniform(-0.4, 0.4), TABLE + (level + 0.5) * NOMINAL.size])
        yaw = rng.uniform(-np.pi, np.pi)
        tracker.see({"a": tag(place, yaw) + rng.normal(0.0, PIXEL_ERROR, (4, 2))}, CAMERA)
        found = tracker.blocks["a"]
        assert np.linalg.norm(found.position - place) < 0.0015
        assert abs(wrap_cube_yaw(found.yaw - yaw)) < np.radians(2.0)
        assert found.age == 0.0
        assert found.confidence > 0.5


def test_a_hidden_block_stays_and_grows_old_and_unsure(tracker: BlockTracker) -> None:
    seen = tracker.blocks["a"]
    for _ in range(20):
        tracker.carry(0.5, *AWAY)
        tracker.see({}, CAMERA)
    hidden = tracker.blocks["a"]
    assert np.allclose(hidden.position, seen.position)
    assert hidden.age == pytest.approx(10.0)
    assert hidden.confidence < 0.3 * seen.confidence
    tracker.see({"a": tag(PLACE)}, CAMERA)
    assert tracker.blocks["a"].age == 0.0
    assert tracker.blocks["a"].confidence == pytest.approx(seen.confidence)


def test_a_held_block_goes_with_the_hand_and_stays_where_it_is_let_go(tracker: BlockTracker) -> None:
    up, aside = np.array([0.0, 0.0, 0.213]), np.array([0.0, -0.25, 0.213])
    tracker.carry(1.0, *hand(PLACE, PLACE + up, PLACE + aside, opening=CLOSED))
    held = tracker.blocks["a"]
    assert held.held
    assert held.age == 1.0
    assert np.allclose(held.position, PLACE + aside, atol=1e-3)
    tracker.carry(1.0, *hand(PLACE + aside, PLACE, opening=OPEN))
    assert not tracker.blocks["a"].held
    assert np.allclose(tracker.blocks["a"].position, held.position)


def test_a_held_block_is_seen_at_the_height_of_the_hand(tracker: BlockTracker) -> None:
    up = np.array([0.0, 0.0, 0.213])  # between two whole numbers of blocks
    tracker.carry(1.0, *hand(PLACE, PLACE + up, opening=CLOSED))
    slipped = PLACE + up + (0.003, 0.002, 0.0)
    tracker.see({"a": tag(slipped)}, CAMERA)
    assert np.linalg.norm(tracker.blocks["a"].position - slipped) < 0.001


def test_a_block_that_dropped_out_of_the_fingers_is_seen_where_it_fell(tracker: BlockTracker) -> None:
    up = np.array([0.0, 0.0, 0.15])
    tracker.carry(1.0, *hand(PLACE, PLACE + up, opening=CLOSED))
    tracker.see({"a": tag(PLACE)}, CAMERA)
    assert np.linalg.norm(tracker.blocks["a"].position - PLACE) < 0.001


@pytest.mark.parametrize("order", [[1, 0, 3, 2], [1, 2, 3, 0]])
def test_mirrored_and_turned_corners_move_nothing_to_where_it_is_not(order: list[int]) -> None:
    """Mirrored ones are refused. Turned by a quarter they are those of another yaw, which a cube does not have."""
    tracker = BlockTracker(TAGS, NOMINAL, TABLE)
    tracker.see({"a": tag(PLACE)[order]}, CAMERA)
    if order == [1, 0, 3, 2]:
        assert tracker.blocks == {}
    else:
        assert np.allclose(tracker.blocks["a"].position, PLACE, atol=1e-3)
        assert tracker.blocks["a"].yaw == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("tilt", [0.5, 1.0])
def test_a_tag_on_a_tilted_block_is_not_taken_for_a_level_one(tilt: float) -> None:
    c, s = np.cos(tilt), np.sin(tilt)
    turned = TAGS.corners @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]).T
    tracker = BlockTracker(TAGS, NOMINAL, TABLE)
    tracker.see({"a": CAMERA.project(turned + PLACE)}, CAMERA)
    assert tracker.blocks == {}


def test_a_tag_of_another_size_is_refused() -> None:
    tracker = BlockTracker(TAGS, NOMINAL, TABLE)
    centre = PLACE + np.array([0.0, 0.0, NOMINAL.half])
    tracker.see({"a": CAMERA.project(0.8 * TAGS.corners + centre)}, CAMERA)
    assert tracker.blocks == {}


def test_what_is_hidden_can_be_forgotten(tracker: BlockTracker) -> None:
    tracker.carry(0.1, *AWAY)
    tracker.see({"b": tag(PLACE + np.array([0.0, 0.2, 0.0]))}, CAMERA)
    assert tracker.forget_hidden() == ["a"]
    assert tracker.blocks.keys() == {"b"}
