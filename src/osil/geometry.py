"""Planar geometry of a gripper that points down: rotations about z and the symmetry of a cube."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray


def rotate_z(vectors: FloatArray, yaw: FloatArray | float) -> FloatArray:
    """Rotate ``[..., 3]`` vectors about z by ``yaw`` ``[...]`` radians."""
    c, s = np.cos(yaw), np.sin(yaw)
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack([c * x - s * y, s * x + c * y, z], axis=-1)


def wrap_angle(angle: FloatArray) -> FloatArray:
    """Wrap radians to [-pi, pi)."""
    wrapped: FloatArray = (angle + np.pi) % (2 * np.pi) - np.pi
    return wrapped


def wrap_cube_yaw(yaw: FloatArray) -> FloatArray:
    """Wrap radians to [-pi/4, pi/4): a cube looks the same after every quarter turn."""
    quarter = 0.5 * np.pi
    wrapped: FloatArray = (yaw + 0.5 * quarter) % quarter - 0.5 * quarter
    return wrapped


def half_extent(size: float, yaw: FloatArray) -> FloatArray:
    """How far squares of edge ``size`` reach along x and y from their centres, turned by ``yaw`` ``[...]`` radians."""
    extent: FloatArray = 0.5 * size * (np.abs(np.cos(yaw)) + np.abs(np.sin(yaw)))
    return extent


def clip_norm(vectors: FloatArray, limit: FloatArray | float) -> FloatArray:
    """Shorten ``[..., 3]`` vectors to at most ``limit`` ``[...]``, keeping their direction."""
    norm = np.sqrt((vectors * vectors).sum(-1, keepdims=True))
    shortened: FloatArray = vectors * np.minimum(1.0, np.asarray(limit)[..., None] / np.maximum(norm, 1e-9))
    return shortened
