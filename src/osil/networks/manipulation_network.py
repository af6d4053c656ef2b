"""The manipulation network (section 4.2.4, figure 7): a multi-layer perceptron from the context to an action.

It puts out a distribution over actions, as the paper's does, because ensembles are averaged over distributions and
the most confident action is taken (section 5.2.2): where two moves are equally good, their mean is no move at all.
Motion and fingers are distributed jointly: at the height at which the fingers close, "further down, open" and "rest,
close" are both right, and "rest, open", which two separate answers can come to, would be forever.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from osil.networks.action_distribution import ActionDistribution
from osil.networks.features import ROBOT, position_features

MIN_STD, MAX_STD = 0.05, 2.0


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
