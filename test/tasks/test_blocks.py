"""What follows from the size of the blocks, for every size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osil.core import Observation, Scene
from osil.errors import ConfigError
from osil.tasks.block_stacking import StackingTask, layout_below, layout_compatible, layout_reached, stages_done
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks, in_fingers

SIZES = st.floats(SMALLEST, LARGEST).map(Blocks)
TASKS = st.sampled_from([StackingTask.parse(text) for text in ("ab", "ab cd +e", "abcde", "fe dcba", "ab cd ef +g")])


@given(SIZES, TASKS, st.data())
def test_layouts_of_every_size_are_read_stage_by_stage(blocks: Blocks, task: StackingTask, data: st.DataObject) -> None:
    done = data.draw(st.integers(0, task.num_stages))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    positions = np.stack([0.1 * np.arange(task.num_blocks), *np.zeros((2, task.num_blocks))], axis=-1)
    for source, target in task.stages[:done]:
        positions[source] = positions[target] + (*(0.2 * blocks.size * rng.uniform(-1, 1, 2)), blocks.size)
    scene = Scene(positions, np.zeros(task.num_blocks))
    assert stages_done(task, scene, blocks) == done
    assert layout_compatible(task, scene, blocks)
    assert layout_reached(task, scene, blocks) == (done == task.num_stages)


@given(SIZES, st.sampled_from([(0.6, 0.0, 1.0), (0.0, 0.0, 1.3), (0.0, 0.0, 0.7), (1.0, 0.0, 0.0), (0.0, 0.0, 2.0)]))
def test_near_is_not_on(blocks: Blocks, offset: tuple[float, float, float]) -> None:
    assert layout_below(np.array([np.multiply(offset, blocks.size), (0.0, 0.0, 0.0)]), blocks).tolist() == [-1, -1]


@given(SIZES)
def test_widths_are_in_the_order_in_which_closing_fingers_pass_them(blocks: Blocks) -> None:
    assert blocks.size < blocks.held_width < blocks.free_width < blocks.open_width
    for width, held in ((blocks.size, True), (blocks.free_width, False)):
        assert in_fingers(Observation(np.zeros((1, 3)), np.array(width)), blocks).tolist() == [held]
    blocks.check_opening(blocks.open_width + 0.001)
    with pytest.raises(ConfigError, match="too narrow for blocks of"):
        blocks.check_opening(blocks.open_width)
