"""Tags that are drawn are found where they are: camera, tags and tracker agree to a millimetre."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from osil.core import Action, Scene
from osil.errors import ConfigError
from osil.geometry import wrap_cube_yaw
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.settings import from_yaml
from osil.tracking.camera import CameraPose
from osil.tracking.tags import TagFinder, TagSet
from osil.tracking.tracker import BlockTracker
from osil.worlds.camera_world import CameraWorld
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.tag_camera import TagCamera

FETCH = load_robot("fetch")
TAGS = from_yaml(TagSet, resource_path("config", "tags.yaml"))
POSE = from_yaml(CameraPose, resource_path("config", "camera_pose.yaml"))
NUM_BLOCKS = 6
DISTANCE, ANGLE = 0.0015, np.radians(1.0)


@pytest.fixture(scope="module")
def world() -> Iterator[CameraWorld]:
    world = CameraWorld(PyBulletWorld(FETCH, NUM_BLOCKS), TAGS, POSE, period=4)
    yield world
    world.close()


@pytest.mark.parametrize("seed", range(4))
def test_every_block_is_where_it_is_seen(world: CameraWorld, seed: int) -> None:
    scene = FETCH.table.random_scene(NUM_BLOCKS, np.random.default_rng(seed))
    world.reset(scene)
    for index, name in enumerate("abcdef"):
        block = world.tracker.blocks[name]
        assert np.linalg.norm(block.position - scene.block_positions[index]) < DISTANCE
        assert abs(wrap_cube_yaw(block.yaw - scene.block_yaws[index])) < ANGLE


def test_the_top_of_a_tower_is_seen_and_what_it_covers_is_remembered(world: CameraWorld) -> None:
    scene = FETCH.table.random_scene(NUM_BLOCKS, np.random.default_rng(0))
    seen = world.reset(scene)
    world.move_block(1, scene.block_positions[0] + (0.0, 0.0, world.blocks.size))
    still = Action(np.zeros(3), np.array(False))
    for _ in range(8):
        seen = world.step(still)
    below, on_top = world.tracker.blocks["a"], world.tracker.blocks["b"]
    assert on_top.age == 0.0
    assert np.linalg.norm(on_top.position - world.scene.block_positions[1]) < DISTANCE
    assert below.age == pytest.approx(0.4)
    assert np.linalg.norm(below.position - world.scene.block_positions[0]) < DISTANCE
    rise = seen.block_positions[1] - seen.block_positions[0]
    assert rise == pytest.approx([0.0, 0.0, world.blocks.size], abs=2 * DISTANCE)


def test_a_picture_from_a_mirror_shows_nothing(world: CameraWorld) -> None:
    camera = TagCamera(FETCH, 2, TAGS, POSE)
    physics = PyBulletWorld(FETCH, 2)
    physics.reset(Scene(np.array([[0.6, 0.1, 0.42], [0.6, -0.1, 0.42]]), np.array([0.2, 0.4])))
    picture = camera.picture(physics.snapshot())
    tracker = BlockTracker(TAGS, physics.blocks, FETCH.table.height)
    tracker.see(TagFinder(TAGS).find(np.ascontiguousarray(picture[:, ::-1])), camera.camera)
    assert tracker.blocks == {}
    tracker.see(TagFinder(TAGS).find(picture), camera.camera)
    assert tracker.blocks.keys() == {"a", "b"}
    camera.close()
    physics.close()


def test_more_blocks_than_tags_are_refused() -> None:
    with pytest.raises(ConfigError, match="tags for 13 blocks"):
        TagCamera(FETCH, 13, TAGS, POSE)
