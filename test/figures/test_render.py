"""Pictures show the scene."""

from __future__ import annotations

import numpy as np

from osil.figures.render import SceneRenderer
from osil.robots.robot import load_robot
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.viewpoint import Viewpoint

FETCH = load_robot("fetch")


def test_a_picture_shows_the_blocks() -> None:
    world, renderer = PyBulletWorld(FETCH, 5), SceneRenderer(FETCH, 5, Viewpoint(160, 120))
    pictures = []
    for seed in range(2):
        world.reset(FETCH.table.random_scene(5, np.random.default_rng(seed)))
        pictures.append(renderer.render(world.snapshot()))
    shown, other = pictures
    assert shown.shape == (120, 160, 3)
    assert shown.dtype == np.uint8
    assert (shown != other).any()
    renderer.close()
    world.close()
