"""Trajectories: they start as the arm moves, keep to its accelerations and end at rest."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from osil.robots.trajectory import Trajectory

SECONDS = 0.1
LIMITS = np.array([1.5, 1.0, 2.5])
VECTORS = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)


@settings(max_examples=50, deadline=None)
@given(VECTORS, VECTORS, VECTORS)
def test_it_goes_from_one_velocity_to_another_and_to_rest_within_the_acceleration(
    position: np.ndarray, velocity: np.ndarray, change: np.ndarray
) -> None:
    wanted = velocity + 0.5 * SECONDS * LIMITS * change
    trajectory = Trajectory.to_rest(position, velocity, SECONDS, wanted, LIMITS)
    times = np.linspace(0.0, trajectory.duration, 400)
    positions, velocities = trajectory.at(times)
    np.testing.assert_allclose(positions[0], position, atol=1e-12)
    np.testing.assert_allclose(velocities[0], velocity, atol=1e-9)
    np.testing.assert_allclose(trajectory.at(SECONDS)[1], wanted, atol=1e-5)
    np.testing.assert_allclose(velocities[-1], 0.0, atol=1e-6)
    assert (np.abs(np.diff(velocities, axis=0)) <= 1.001 * LIMITS * times[1] + 1e-6).all()
    moved = np.diff(positions, axis=0)
    np.testing.assert_allclose(moved, 0.5 * times[1] * (velocities[1:] + velocities[:-1]), atol=1e-4)


def test_before_the_start_and_after_the_end_the_arm_is_where_it_was_and_will_be() -> None:
    trajectory = Trajectory.to_rest(np.zeros(3), np.zeros(3), SECONDS, 0.04 * LIMITS, LIMITS)
    for seconds, index in ((-1.0, 0), (100.0, -1)):
        position, velocity = trajectory.at(seconds)
        np.testing.assert_allclose(position, trajectory.positions[index])
        np.testing.assert_allclose(velocity, trajectory.velocities[index])
