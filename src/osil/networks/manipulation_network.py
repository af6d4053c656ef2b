"""The manipulation network (section 4.2.4, figure 7): a multi-layer perceptron from the context to an action.

It puts out a distribution over actions, as the paper's does, because ensembles are averaged over distributions and
the most confident action is taken (section 5.2.2). A single action would not do: the mean of two moves that are equally
good, such as up and down, is no move.

Motion and fingers are distributed jointly. At the height at which the fingers close, "move down, stay open" and "stay,
close" are both right. Two separate answers could combine to "stay, stay open", and then nothing would ever change.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from osil.networks.action_distribution import MOTION, ActionDistribution
from osil.networks.features import GEOMETRY, POSITION, ROBOT, YAW, position_features

MIN_STD, MAX_STD = 0.05, 2.0
"""Least and greatest standard deviation of a component, in units of the network: the likelihood stays finite."""


class ManipulationNetwork(nn.Module):
    """Context embedding and robot state to a distribution over actions."""

    def __init__(self, block_heads: int, hidden: int, components: int) -> None:
        super().__init__()
        self.components = components
        motions = MOTION * components
        self._sizes = [components, motions, motions, components]  # of weights, means, standard deviations and fingers
        self.mlp = nn.Sequential(
            nn.Linear(block_heads * GEOMETRY + ROBOT, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, sum(self._sizes)),
        )

    def forward(self, poses: Tensor, robot: Tensor) -> ActionDistribution:
        """Blended poses ``[..., heads, POSE]`` and robot state ``[..., ROBOT]`` to a distribution."""
        position, yaw = poses.split([POSITION, YAW], dim=-1)
        features = torch.cat([position_features(position), yaw], dim=-1).flatten(-2)
        out = self.mlp(torch.cat([features, robot], dim=-1)).float()
        weights, means, spread, close = out.split(self._sizes, dim=-1)
        shape = self.components, MOTION
        low, high = math.log(MIN_STD), math.log(MAX_STD)
        log_stds = low + (high - low) * torch.sigmoid(spread.unflatten(-1, shape))
        return ActionDistribution(weights.log_softmax(-1), means.unflatten(-1, shape), log_stds, close)
