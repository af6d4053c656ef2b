"""The manipulation network (section 4.2.4, figure 7): a multi-layer perceptron from the context to an action.

It puts out a distribution over actions, as the paper's does, because ensembles are averaged over distributions and
the most confident action is taken (section 5.2.2): where two moves are equally good, their mean is no move at all.
Motion and fingers are distributed jointly: at the height at which the fingers close, "further down, open" and "rest,
close" are both right, and "rest, open", which two separate answers can come to, would be forever.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from osil.networks.features import ROBOT, position_features

DISPLACEMENT_SCALE = 0.025
"""Metres that count as 1 in the network's output."""

YAW_SCALE = 0.08
"""Radians that count as 1 in the network's output."""

MIN_STD, MAX_STD = 0.05, 2.0


class ActionDistribution(NamedTuple):
    """A mixture of ``C`` components, each a Gaussian over (displacement, yaw step) and a probability of closing.

    Attributes:
        log_weights: ``[..., C]`` log probabilities of the components.
        means: ``[..., C, 4]`` displacement over DISPLACEMENT_SCALE, yaw step over YAW_SCALE.
        log_stds: ``[..., C, 4]``.
        close_logits: ``[..., C]`` log odds of closing.
    """

    log_weights: Tensor
    means: Tensor
    log_stds: Tensor
    close_logits: Tensor

    def log_prob(self, motion: Tensor, close: Tensor) -> Tensor:
        """Log density ``[...]`` of scaled motions ``[..., 4]`` together with closing ``[...]``, 0 or 1."""
        z = (motion[..., None, :] - self.means) * torch.exp(-self.log_stds)
        density = -0.5 * (z * z).sum(-1) - self.log_stds.sum(-1) - 2.0 * math.log(2.0 * math.pi)
        fingers = close[..., None] * self.close_logits - functional.softplus(self.close_logits)
        return torch.logsumexp(self.log_weights + density + fingers, dim=-1)


class ManipulationNetwork(nn.Module):
    """Context embedding and robot state to a distribution over actions."""

    def __init__(self, block_heads: int, hidden: int, components: int) -> None:
        super().__init__()
        self.components = components
        self.mlp = nn.Sequential(
            nn.Linear(block_heads * 11 + ROBOT, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 10 * components),
        )

    def forward(self, geometry: Tensor, robot: Tensor) -> ActionDistribution:
        """Blended geometry ``[..., heads, 5]`` and robot state ``[..., ROBOT]`` to a distribution."""
        features = torch.cat([position_features(geometry[..., :3]), geometry[..., 3:]], dim=-1).flatten(-2)
        out = self.mlp(torch.cat([features, robot], dim=-1)).float()
        c = self.components
        means = out[..., c : 5 * c].unflatten(-1, (c, 4))
        spread = torch.sigmoid(out[..., 5 * c : 9 * c].unflatten(-1, (c, 4)))
        low, high = math.log(MIN_STD), math.log(MAX_STD)
        return ActionDistribution(out[..., :c].log_softmax(-1), means, low + (high - low) * spread, out[..., 9 * c :])
