"""Demonstrations of different length as one padded batch of tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from osil.core import Observation
from osil.networks.features import ObservationTensors


def pad_frames(demonstrations: Sequence[Observation]) -> tuple[ObservationTensors, Tensor]:
    """M demonstrations of ``[K_m]`` frames to tensors with leading ``[M, K]`` and the mask ``[M, K]``.

    Padded frames repeat the last one, which keeps them finite; the mask is False there.
    """
    longest = max(len(one.gripper_opening) for one in demonstrations)
    index = [np.minimum(np.arange(longest), len(one.gripper_opening) - 1) for one in demonstrations]
    padded = Observation.stack([one[steps] for one, steps in zip(demonstrations, index, strict=True)])
    lengths = torch.tensor([len(one.gripper_opening) for one in demonstrations])
    return ObservationTensors.from_numpy(padded), torch.arange(longest) < lengths[:, None]
