"""How metres and radians enter the network: all numbers here are part of what the released weights have learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from osil.core import Observation


@dataclass(frozen=True)
class ObservationTensors:
    """An observation as tensors: positions ``[..., B, 3]`` m, yaws ``[..., B]`` rad, opening ``[...]`` m."""

    positions: Tensor
    yaws: Tensor
    opening: Tensor

    @classmethod
    def from_numpy(cls, observation: Observation) -> ObservationTensors:
        def tensor(array: np.ndarray) -> Tensor:
            return torch.as_tensor(np.ascontiguousarray(array, dtype=np.float32))

        return cls(
            tensor(observation.block_positions), tensor(observation.block_yaws), tensor(observation.gripper_opening)
        )


def pad_frames(demonstrations: Sequence[Observation]) -> tuple[ObservationTensors, Tensor]:
    """M demonstrations of ``[K_m]`` frames to tensors with leading ``[M, K]`` and the mask ``[M, K]``.

    Padded frames repeat the last one, which keeps them finite; the mask is False there.
    """
    longest = max(len(one.gripper_opening) for one in demonstrations)
    index = [np.minimum(np.arange(longest), len(one.gripper_opening) - 1) for one in demonstrations]
    padded = Observation.stack([one[steps] for one, steps in zip(demonstrations, index, strict=True)])
    lengths = torch.tensor([len(one.gripper_opening) for one in demonstrations])
    return ObservationTensors.from_numpy(padded), torch.arange(longest) < lengths[:, None]


POSITION, YAW = 3, 2
"""Sizes of a position and of the yaw features; together they are the pose of a block."""

POSE = POSITION + YAW

TABLE, BLOCK, GRASP = 5.0, 30.0, 150.0
"""Scales of a position, per metre: 1 is 20 cm on the table, 33 mm beside a block, 7 mm in a grasp."""

GEOMETRY = 3 * POSITION + YAW
"""Size of a block's geometry: its position at the three scales, and the yaw features."""

CUBE_SYMMETRY = 4.0
"""Quarter turns in a full one: a cube looks the same after each of them."""

NOMINAL_OPENING = 25.0
"""Per metre: an opening as wide as a nominal block, 40 mm, counts as 1."""

HELD, HELD_SCALE = 0.042, 400.0
"""Opening (metres) between fingers around a nominal block and fingers that have let it go; 1 / 400 m to either side is
told apart well."""

FREE, FREE_SCALE = 0.056, 200.0
"""Opening (metres) from which on the expert moves away from a block that it let go; 1 / 200 m to either side is told
apart well."""

ROBOT = 3
"""Size of the robot state: the opening, and where it is beside ``HELD`` and ``FREE``."""


def position_features(positions: Tensor) -> Tensor:
    """``[..., POSITION]`` metres to ``[..., 3 * POSITION]``: the position at the three scales."""
    return torch.cat([TABLE * positions, torch.tanh(BLOCK * positions), torch.tanh(GRASP * positions)], dim=-1)


def yaw_features(yaws: Tensor) -> Tensor:
    """``[...]`` radians to ``[..., YAW]``, the same for yaws that differ by a quarter turn of a cube."""
    return torch.stack([torch.cos(CUBE_SYMMETRY * yaws), torch.sin(CUBE_SYMMETRY * yaws)], dim=-1)


def between_yaws(first: Tensor, second: Tensor) -> Tensor:
    """Yaw features of the turn from the first to the second, both ``[..., YAW]``."""
    (cos_first, sin_first), (cos_second, sin_second) = first.unbind(-1), second.unbind(-1)
    return torch.stack(
        [cos_first * cos_second + sin_first * sin_second, cos_first * sin_second - sin_first * cos_second], dim=-1
    )


def robot_features(opening: Tensor) -> Tensor:
    """``[...]`` metres between the finger pads to ``[..., ROBOT]``, finest around the width of a held block."""
    held, free = torch.tanh(HELD_SCALE * (opening - HELD)), torch.tanh(FREE_SCALE * (opening - FREE))
    return torch.stack([NOMINAL_OPENING * opening - 1.0, held, free], dim=-1)


def geometry_features(observation: ObservationTensors) -> Tensor:
    """``[..., B, GEOMETRY]``."""
    return torch.cat([position_features(observation.positions), yaw_features(observation.yaws)], dim=-1)
