"""The demonstration network (section 4.2.2, figure 5): temporal convolution and neighborhood attention in turn.

Temporal dropout, its first stage, happens outside (:mod:`osil.demonstrations.conditioning`), so that the frames that
are thrown away cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from osil.networks.attention import NeighborhoodAttention, Score
from osil.networks.features import GEOMETRY, ROBOT

WIDTH = 3
"""Frames that a temporal convolution joins: one before, the frame itself, one after."""


class TemporalConvolution(nn.Module):
    """Dilated convolution over time, the same for each block, on a residual stream (Yu & Koltun 2016)."""

    def __init__(self, dim: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(dim)
        self.linear = nn.Linear(WIDTH * dim, dim)

    def forward(self, embedding: Tensor, mask: Tensor) -> Tensor:
        """Embeddings ``[M, K, B, D]``; mask ``[M, K]`` is False at padded frames, which read as zeros."""
        h = self.norm(embedding) * mask[..., None, None]
        length, reach = h.shape[1], self.dilation
        padded = nn.functional.pad(h, (0, 0, 0, 0, reach, reach))  # in time alone
        before, after = padded[:, :length], padded[:, 2 * reach :]
        return embedding + torch.relu(self.linear(torch.cat([before, h, after], dim=-1)))


class DemonstrationNetwork(nn.Module):
    """Frames of a demonstration to an embedding ``[M, K, B, D]`` that grows with its length and with the blocks."""

    def __init__(self, dim: int, heads: int, dilations: Sequence[int], score: Score) -> None:
        super().__init__()
        self.embed = nn.Linear(GEOMETRY + ROBOT, dim)
        self.convolutions = nn.ModuleList(TemporalConvolution(dim, dilation) for dilation in dilations)
        self.attentions = nn.ModuleList(
            NeighborhoodAttention(dim, heads, GEOMETRY, ROBOT, score) for _ in range(len(dilations))
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, geometry: Tensor, robot: Tensor, mask: Tensor) -> Tensor:
        """Geometry ``[M, K, B, GEOMETRY]``, robot ``[M, K, ROBOT]``, mask ``[M, K]`` to ``[M, K, B, D]``."""
        blocks = geometry.shape[-2]
        h = self.embed(torch.cat([geometry, robot[..., None, :].expand(-1, -1, blocks, -1)], dim=-1))
        for attention, convolution in zip(self.attentions, self.convolutions, strict=True):
            h = attention(h, geometry, robot)
            h = convolution(h, mask)
        normalized: Tensor = self.norm(h)
        return normalized
