"""Soft attention and neighborhood attention (section 4.2.1, equations 1 to 5, figure 4)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Score = Literal["additive", "dot_product"]


class SoftAttention(nn.Module):
    """Multi-head soft attention: equations 1 and 2.

    ``additive`` is the paper's score, ``v^T tanh(q + c)``. ``dot_product`` is ``q^T c / sqrt(D)``: it needs no array
    of all query-context pairs, which makes a training step a third cheaper.
    """

    def __init__(self, head_dim: int, score: Score) -> None:
        super().__init__()
        self.score = score
        self.scale = 1.0 / math.sqrt(head_dim)
        self.v = nn.Parameter(torch.randn(head_dim) * self.scale) if score == "additive" else None

    def logits(self, query: Tensor, context: Tensor) -> Tensor:
        """Equation 1: queries ``[..., H, Q, D]`` and contexts ``[..., H, M, D]`` to ``[..., H, Q, M]``."""
        if self.v is None:
            return query @ context.transpose(-1, -2) * self.scale
        return torch.tanh(query[..., :, None, :] + context[..., None, :, :]) @ self.v

    def forward(self, query: Tensor, context: Tensor, memory: Tensor) -> Tensor:
        """Equation 2: memory ``[..., M, E]``, which the heads share, to results ``[..., H, Q, E]``."""
        # Both scores are symmetric. Softmax is several times as fast where its few numbers do not lie side by side.
        return read(self.logits(context, query).softmax(-2).mT, memory)


def read(weights: Tensor, memory: Tensor) -> Tensor:
    """Weights ``[..., H, Q, M]`` times a memory ``[..., M, E]`` that all heads share: ``[..., H, Q, E]``.

    One product for all heads, where a broadcast would copy the memory for each.
    """
    joined = weights.flatten(-3, -2).to(memory.dtype) @ memory
    result: Tensor = joined.unflatten(-2, weights.shape[-3:-1])
    return result


class NeighborhoodAttention(nn.Module):
    """Each block queries all blocks and gathers where they are: equations 3 to 5.

    The paper's equation 5 is a bare linear layer; here it is the update of a residual stream with layer
    normalisation, which trains faster and changes nothing in what may depend on what.

    Shapes: embeddings ``[..., B, D]``, geometry of the blocks ``[..., B, G]``, robot state ``[..., R]``.
    """

    def __init__(self, dim: int, heads: int, geometry: int, robot: int, score: Score) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.query_context = nn.Linear(dim, 2 * dim)
        self.attention = SoftAttention(dim // heads, score)
        self.output = nn.Linear(dim + heads * (geometry + dim) + geometry + robot, dim)

    def forward(self, embedding: Tensor, geometry: Tensor, robot: Tensor) -> Tensor:
        h = self.norm(embedding)
        asked = self.query_context(h)
        query, context = self._split_heads(asked).chunk(2, dim=-3)
        # Autocast reads what follows in half precision: to convert before joining saves a quarter of a step.
        h, geometry, robot = h.to(asked.dtype), geometry.to(asked.dtype), robot.to(asked.dtype)
        memory = torch.cat([geometry, h], dim=-1)
        result = self.attention(query, context, memory)
        result = result.transpose(-3, -2).flatten(-2)
        robot = robot[..., None, :].expand(*h.shape[:-1], robot.shape[-1])
        return embedding + torch.relu(self.output(torch.cat([h, result, geometry, robot], dim=-1)))

    def _split_heads(self, joined: Tensor) -> Tensor:
        """``[..., B, 2D]`` to ``[..., 2 heads, B, D / heads]``: query heads first, context heads after."""
        split: Tensor = joined.unflatten(-1, (2 * self.heads, -1))
        return split.transpose(-3, -2)
