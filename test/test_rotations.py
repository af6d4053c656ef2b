"""Quaternions are in the order of ROS messages, whatever the library does."""

from __future__ import annotations

import numpy as np

from osil import rotations

HALF = np.sqrt(0.5)


def test_a_quaternion_has_its_w_at_the_end() -> None:
    np.testing.assert_allclose(rotations.from_rpy(0.0, 0.0, np.pi / 2), [0.0, 0.0, HALF, HALF], atol=1e-12)
    np.testing.assert_allclose(rotations.from_axis((1.0, 0.0, 0.0), np.pi / 2), [HALF, 0.0, 0.0, HALF], atol=1e-12)
    np.testing.assert_allclose(rotations.wxyz([1.0, 2.0, 3.0, 4.0]), [4.0, 1.0, 2.0, 3.0])


def test_roll_pitch_and_yaw_are_about_fixed_axes_in_that_order() -> None:
    turned = rotations.to_matrix(rotations.from_rpy(np.pi / 2, 0.0, np.pi / 2))
    np.testing.assert_allclose(turned @ [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], atol=1e-12)  # up by the roll, and stays there
    np.testing.assert_allclose(rotations.to_rpy(turned), [np.pi / 2, 0.0, np.pi / 2], atol=1e-12)


def test_all_ways_to_rotate_agree() -> None:
    first, second = rotations.from_rpy(0.3, -0.7, 2.0), rotations.from_axis((0.0, 0.6, 0.8), -1.1)
    vector = np.array([0.2, -0.5, 1.0])
    both = rotations.multiply(first, second)
    expected = rotations.rotate(rotations.rotate(vector, second), first)
    np.testing.assert_allclose(rotations.rotate(vector, both), expected)
    np.testing.assert_allclose(rotations.to_matrix(both) @ vector, expected)
    assert abs(rotations.from_matrix(rotations.to_matrix(both)) @ both) > 1.0 - 1e-12
