"""How metres and radians enter the network."""

from __future__ import annotations

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


def position_features(positions: Tensor) -> Tensor:
    """``[..., 3]`` metres to ``[..., 9]``: the same position at the scale of the table, a block and a grasp."""
    return torch.cat([5.0 * positions, torch.tanh(30.0 * positions), torch.tanh(150.0 * positions)], dim=-1)


def yaw_features(yaws: Tensor) -> Tensor:
    """``[...]`` radians to ``[..., 2]``, the same for yaws that differ by a quarter turn of a cube."""
    return torch.stack([torch.cos(4.0 * yaws), torch.sin(4.0 * yaws)], dim=-1)


def robot_features(opening: Tensor) -> Tensor:
    """``[...]`` metres between the finger pads to ``[..., 3]``, finest around the width of a held block."""
    held, free = torch.tanh(400.0 * (opening - 0.042)), torch.tanh(200.0 * (opening - 0.056))
    return torch.stack([25.0 * opening - 1.0, held, free], dim=-1)


GEOMETRY = 11
"""Size of a block's geometry: position and yaw features."""

ROBOT = 3
"""Size of the robot state."""


def geometry_features(observation: ObservationTensors) -> Tensor:
    """``[..., B, GEOMETRY]``."""
    return torch.cat([position_features(observation.positions), yaw_features(observation.yaws)], dim=-1)
