"""Where an imitation brings the blocks, as far as the page tells it beforehand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from osil.ros.page.scene_drawing import layout_to_come

SIZE = 0.04

UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])


def scene(**places: tuple[float, float, float]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: (np.array(place), UPRIGHT) for name, place in places.items()}


def test_blocks_come_to_stand_on_one_another_where_the_lowest_lies() -> None:
    poses = scene(a=(0.6, 0.1, 0.72), b=(0.7, -0.1, 0.72), c=(0.8, 0.0, 0.72))
    to_come = layout_to_come([("b", "c"), ("a", "b")], poses, SIZE)
    assert to_come.keys() == {"a", "b"}
    assert to_come["b"][0] == pytest.approx([0.8, 0.0, 0.76])
    assert to_come["a"][0] == pytest.approx([0.8, 0.0, 0.80])


def test_a_block_that_is_there_already_is_none_to_come() -> None:
    poses = scene(a=(0.801, 0.001, 0.80), b=(0.8, 0.0, 0.76), c=(0.8, 0.0, 0.72))
    assert not layout_to_come([("b", "c"), ("a", "b")], poses, SIZE)


def test_blocks_that_are_not_seen_come_nowhere() -> None:
    assert not layout_to_come([("a", "z"), ("z", "b")], scene(a=(0.0, 0.0, 0.0), b=(1.0, 0.0, 0.0)), SIZE)
