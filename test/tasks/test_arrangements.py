"""However blocks are arranged, they lie apart, on the table, and turned as the arrangement says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from osil.choices import Arrangement, names
from osil.core import Scene
from osil.errors import SceneError
from osil.geometry import wrap_cube_yaw
from osil.robots.robot import load_robot

FETCH = load_robot("fetch")


def drawn(arrangement: Arrangement, count: int, spacing: float | None = None) -> list[Scene]:
    table, rng = FETCH.at_table(arrangement, spacing).table, np.random.default_rng(0)
    return [table.random_scene(count, rng) for _ in range(40)]


@pytest.mark.parametrize("count", [2, 6, 10])
@pytest.mark.parametrize("spacing", [0.075, 0.105])
@pytest.mark.parametrize("arrangement", names(Arrangement))
def test_blocks_lie_apart_on_the_table(arrangement: Arrangement, spacing: float, count: int) -> None:
    for scene in drawn(arrangement, count, spacing):
        position = scene.block_positions
        assert all(FETCH.table.contains(one) for one in position)
        distance = np.linalg.norm(position[:, None] - position, axis=-1) + np.diag(np.full(count, np.inf))
        assert distance.min() >= spacing - 1e-9


@pytest.mark.parametrize("arrangement", ["parallel", "grid"])
def test_neat_blocks_are_parallel_to_the_base(arrangement: Arrangement) -> None:
    assert all((scene.block_yaws == 0.0).all() for scene in drawn(arrangement, 6))


def test_a_grid_is_one() -> None:
    for scene in drawn("grid", 8):
        offset = scene.block_positions[:, :2] - scene.block_positions[0, :2]
        pitch = np.unique(np.abs(offset).round(9))[1:]
        steps = offset / pitch.min()
        whole = [steps * times for times in (1, 2, 3, 4)]  # the nearest point of the grid may be free
        assert min(np.abs(each - each.round()).max() for each in whole) < 1e-6


def test_any_arrangement_has_neat_and_untidy_scenes() -> None:
    spread = []
    for scene in drawn("any", 5):
        spread.append(np.abs(wrap_cube_yaw(scene.block_yaws - scene.block_yaws[0])).max())
    neat = np.array(spread) < 1e-9
    nearly = (np.array(spread) < 0.2) & ~neat
    assert neat.any()
    assert nearly.any()
    assert (np.array(spread) > 0.3).any()


def test_too_many_blocks_are_refused() -> None:
    with pytest.raises(SceneError, match="do not fit on the table"):
        replace(FETCH.table, spacing=0.2, arrangement="grid").random_scene(12, np.random.default_rng(0))
