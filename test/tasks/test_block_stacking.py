"""Task strings, stages, and layouts read back from block positions."""

from __future__ import annotations

import numpy as np
import pytest

from osil.core import Scene
from osil.errors import TaskError
from osil.geometry import rotate_z
from osil.tasks.block_stacking import (
    StackingTask,
    layout_below,
    layout_compatible,
    layout_reached,
    stages_done,
)
from osil.tasks.blocks import NOMINAL
from osil.tasks.splits import load_tasks

TASK = StackingTask.parse("ab cde +f")


def built(task: StackingTask, stages: int | None = None) -> Scene:
    """Blocks in a row with the first stages of a task done, each a few millimetres off."""
    rng = np.random.default_rng(0)
    positions = np.stack([0.1 * np.arange(task.num_blocks), np.zeros(task.num_blocks), np.zeros(task.num_blocks)], -1)
    for source, target in task.stages[:stages]:
        positions[source] = positions[target] + (*rng.uniform(-0.005, 0.005, 2), NOMINAL.size)
    return Scene(positions, np.zeros(task.num_blocks))


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("ab", ((0, 1),)),
        ("abc", ((1, 2), (0, 1))),
        ("ab cde +f", ((0, 1), (3, 4), (2, 3))),
        ("+a cb", ((2, 1),)),
        ("cba d", ((1, 0), (2, 1))),
    ],
)
def test_stages_are_built_bottom_up_tower_by_tower(text: str, stages: tuple[tuple[int, int], ...]) -> None:
    assert StackingTask.parse(text).stages == stages


def test_the_highest_tower_is_told_in_whatever_order_it_is_built() -> None:
    for text, blocks in (("ab cde +f", 3), ("abcd ef", 4), ("+a +b", 1)):
        assert StackingTask.parse(text).tallest == blocks
    assert StackingTask(5, ((3, 4), (0, 1), (2, 3))).tallest == 3


@pytest.mark.parametrize("text", ["", "aa", "ac", "AB", "ab +", "a+b", "ab +cd", "ab2"])
def test_unclear_task_strings_are_refused(text: str) -> None:
    with pytest.raises(TaskError, match="expected towers of the letters"):
        StackingTask.parse(text)


@pytest.mark.parametrize(
    "stages", [((0, 3),), ((0, 0),), ((0, 1), (0, 2)), ((0, 1), (2, 1)), ((0, 1), (1, 2))], ids=str
)
def test_impossible_stages_are_refused(stages: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(TaskError, match="stages"):
        StackingTask(3, stages)


def test_every_order_of_stages_that_is_possible_may_be_asked_for() -> None:
    task = StackingTask(4, ((2, 3), (0, 1)))
    assert str(task) == "cd ab"
    assert StackingTask.parse(str(task)) == task


@pytest.mark.parametrize("task", load_tasks("test"), ids=str)
def test_layout_is_read_back_stage_by_stage(task: StackingTask) -> None:
    for done in range(task.num_stages + 1):
        scene = built(task, done)
        assert stages_done(task, scene, NOMINAL) == done
        assert layout_compatible(task, scene, NOMINAL)
        assert layout_reached(task, scene, NOMINAL) == (done == task.num_stages)
    assert layout_below(scene.block_positions, NOMINAL).tolist() == list(task.below)


def test_reading_does_not_depend_on_the_frame_or_on_other_worlds() -> None:
    scenes = [built(TASK, done) for done in range(4)]
    positions = np.stack([scene.block_positions for scene in scenes])
    moved = rotate_z(positions, np.linspace(0, 3, 4)[:, None]) + np.array([1.0, -2.0, 0.7])
    expected = [layout_below(scene.block_positions, NOMINAL).tolist() for scene in scenes]
    assert layout_below(moved, NOMINAL).tolist() == expected


def test_wrong_pairs_are_incompatible() -> None:
    scene = built(TASK)
    scene.block_positions[5] = scene.block_positions[0] + (0.0, 0.0, NOMINAL.size)
    assert not layout_compatible(TASK, scene, NOMINAL)
    assert not layout_reached(TASK, scene, NOMINAL)
    assert stages_done(TASK, scene, NOMINAL) == 3
