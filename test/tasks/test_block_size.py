"""The size of the blocks is told by the fingers that hold them and by the height of the towers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osil.core import Observation
from osil.errors import DemonstrationError
from osil.tasks.block_size import held_width, likely_blocks, shown_blocks, shown_size
from osil.tasks.blocks import LARGEST, NOMINAL, SMALLEST

SIZES = st.floats(SMALLEST, LARGEST)


def demonstration(size: float, tower: int, misread: float = 0.0, noise: float = 0.0) -> Observation:
    """The topmost block of ``tower`` is grasped where it stands, and let go; one block lies elsewhere."""
    opening = misread + np.concatenate([np.full(5, 0.09), np.full(9, size), np.full(12, 0.09)])
    positions = np.zeros((tower + 1, 3))
    positions[:, 2] = -size * np.arange(tower + 1)
    positions[-1] = 0.2, 0.0, -size * (tower - 1)
    tracked = np.random.default_rng(0).normal(0.0, noise, positions.shape)  # wrong by as much all the time
    return Observation(np.tile(positions + tracked, (len(opening), 1, 1)), opening)


@given(SIZES, st.integers(1, 9))
def test_fingers_and_towers_that_agree(size: float, tower: int) -> None:
    assert shown_size(demonstration(size, tower)) == pytest.approx(size)
    assert held_width(demonstration(size, tower)) == pytest.approx(size)


@given(SIZES, st.integers(4, 9), st.sampled_from([-0.0014, 0.0014]))
def test_a_tower_puts_right_what_fingers_misread(size: float, tower: int, misread: float) -> None:
    shown = demonstration(size, tower, misread)
    assert held_width(shown) == pytest.approx(size + misread)
    assert shown_size(shown) == pytest.approx(size, abs=0.0006)


@given(SIZES)
def test_fingers_put_right_what_a_tracker_gets_wrong(size: float) -> None:
    assert shown_size(demonstration(size, 2, noise=0.002)) == pytest.approx(size, abs=0.001)


def test_without_a_grasp_the_size_is_not_known() -> None:
    far = Observation(np.full((5, 2, 3), 0.2), np.full(5, 0.066))
    with pytest.raises(DemonstrationError, match="no block is held"):
        shown_blocks(far)
    assert likely_blocks(far) == NOMINAL
