"""The whole one-shot stacking network: demonstration, context and manipulation networks in a row (section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from osil.errors import ConfigError
from osil.networks.attention import Score
from osil.networks.context_network import HELD_HEAD, Context, ContextNetwork, DemonstrationMemory
from osil.networks.demonstration_network import DemonstrationNetwork
from osil.networks.features import (
    ObservationTensors,
    geometry_features,
    robot_features,
    yaw_features,
)
from osil.networks.manipulation_network import ActionDistribution, ManipulationNetwork


@dataclass(frozen=True)
class StackingNetworkConfig:
    """Sizes of the network.

    Attributes:
        dim: D, size of an embedding.
        attention_heads: query heads of neighborhood attention.
        dilations: dilation of each temporal convolution of the demonstration network.
        lstm_steps: times the context network reads the demonstration (3 in the paper).
        query_heads: temporal queries at each of them (2 in the paper).
        block_heads: final queries over blocks (4 in the paper). Each of the first ones is taught a block to look at, so
            that a person can read them.
        hidden: units of each of the two layers of the manipulation network.
        components: Gaussians in the action distribution.
        yaw: False for a policy that sees and acts on positions alone, as the paper's does.
        score: attention score, ``additive`` as in the paper or ``dot_product``.

    Raises:
        ConfigError: a size does not fit.
    """

    dim: int = 64
    attention_heads: int = 2
    dilations: tuple[int, ...] = (1, 2, 4)
    lstm_steps: int = 3
    query_heads: int = 2
    block_heads: int = 6
    hidden: int = 256
    components: int = 4
    yaw: bool = True
    score: Score = "dot_product"

    def __post_init__(self) -> None:
        sizes = (self.attention_heads, self.lstm_steps, self.query_heads, self.hidden, self.components, *self.dilations)
        if min(self.dim, *sizes) < 1 or self.dim % self.attention_heads or self.block_heads <= HELD_HEAD:
            raise ConfigError(
                f"{self}: expected dim to be a multiple of attention_heads, block_heads > {HELD_HEAD}, the other "
                "sizes >= 1"
            )
        object.__setattr__(self, "dilations", tuple(self.dilations))


class StackingOutput(NamedTuple):
    """What the network says for each present state."""

    actions: ActionDistribution
    context: Context


class StackingNetwork(nn.Module):
    """One demonstration and the present state to a distribution over actions."""

    def __init__(self, config: StackingNetworkConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or StackingNetworkConfig()
        self.demonstration = DemonstrationNetwork(c.dim, c.attention_heads, c.dilations, c.score)
        self.context = ContextNetwork(c.dim, c.attention_heads, c.query_heads, c.lstm_steps, c.block_heads, c.score)
        self.manipulation = ManipulationNetwork(c.block_heads, c.hidden, c.components)

    def remember(self, frames: ObservationTensors, mask: Tensor) -> DemonstrationMemory:
        """Take in M demonstrations of up to K frames (leading ``[M, K]``); mask ``[M, K]`` is False at padding."""
        frames = self._seen(frames)
        embedding = self.demonstration(geometry_features(frames), robot_features(frames.opening), mask)
        return self.context.remember(embedding, mask)

    def forward(self, memory: DemonstrationMemory, present: ObservationTensors) -> StackingOutput:
        """Act in N present states of each of the M demonstrations.

        Args:
            memory: of M demonstrations.
            present: leading ``[P, N]``, where M is a multiple of P: demonstration m goes with the states of row
                m modulo P, which are looked at once for all of its demonstrations.

        Returns:
            Leading ``[M, N]``.
        """
        present = self._seen(present)
        robot = robot_features(present.opening)
        pose = torch.cat([present.positions, yaw_features(present.yaws)], dim=-1)
        context = self.context(memory, geometry_features(present), pose, robot)
        robot = robot.repeat(context.poses.shape[0] // robot.shape[0], 1, 1)
        return StackingOutput(self.manipulation(context.poses, robot), context)

    def _seen(self, observation: ObservationTensors) -> ObservationTensors:
        """What there is to see of an observation."""
        return observation if self.config.yaw else replace(observation, yaws=torch.zeros_like(observation.yaws))
