"""Timing: a path is gone along its straight lines, as fast as the limits allow and no faster."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from osil.planning.timing import timed

SPEED, ACCELERATION = np.array([1.2, 0.8, 2.0]), np.array([1.5, 1.0, 2.5])
CORNERS = st.lists(st.tuples(*[st.floats(-3.0, 3.0)] * 3), min_size=2, max_size=6, unique=True).map(np.array)


@settings(max_examples=100, deadline=None)
@given(CORNERS)
@example(np.array([(0.0, 0.0, 0.349609375), (0.0, 0.0, -1.251953125)]))  # hardly any time at full speed
@example(np.array([(0.0, 0.0, 0.0), (0.0, 0.0, 3.9e-23)]))  # hardly any way
def test_no_limit_is_exceeded_and_one_is_used(path: np.ndarray) -> None:
    trajectory = timed(path, SPEED, ACCELERATION)
    _, velocities = trajectory.at(np.linspace(0.0, trajectory.duration, 1000))
    assert (np.abs(velocities) <= SPEED * (1 + 1e-6)).all()
    assert (np.abs(trajectory.accelerations) <= ACCELERATION * (1 + 1e-6) + 1e-9).all()
    np.testing.assert_allclose(velocities[[0, -1]], 0.0, atol=1e-9)
    if trajectory.duration:
        used = np.abs(trajectory.accelerations) / ACCELERATION, np.abs(trajectory.velocities) / SPEED
        assert max(one.max() for one in used) == pytest.approx(1.0)


@settings(max_examples=50, deadline=None)
@given(CORNERS)
@example(np.array([(0.0, 0.0, 0.0), (0.0, 0.0, 3.9e-23)]))
def test_it_stays_on_the_path_and_rests_at_each_corner(path: np.ndarray) -> None:
    trajectory = timed(path, SPEED, ACCELERATION)
    positions, _ = trajectory.at(np.linspace(0.0, trajectory.duration, 500))
    start, line = path[:-1], np.diff(path, axis=0)
    share = ((positions[:, None] - start) * line).sum(-1) / np.maximum((line * line).sum(-1), 1e-12)
    nearest = start + np.clip(share, 0.0, 1.0)[..., None] * line
    assert np.linalg.norm(positions[:, None] - nearest, axis=-1).min(-1).max() < 1e-5
    for corner in path:
        at = np.linalg.norm(trajectory.positions - corner, axis=-1).argmin()
        np.testing.assert_allclose(trajectory.positions[at], corner, atol=1e-5)
        np.testing.assert_allclose(trajectory.velocities[at], 0.0, atol=1e-9)


def test_no_way_takes_no_time() -> None:
    assert timed(np.zeros((2, 3)), SPEED, ACCELERATION).duration == 0.0
