"""The context network (section 4.2.3, figure 6): from the demonstration and the present state to what matters now.

The present state asks the demonstration several times which moment it corresponds to: temporal attention, then
neighborhood attention to spread what was found among the blocks, then an LSTM cell with weights of its own (untied).
In the end soft attention over blocks, whose memory holds only where the blocks are, leaves a context embedding of fixed
size. So the manipulation network works with any number of blocks.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from osil.networks.attention import NeighborhoodAttention, Score, SoftAttention, read
from osil.networks.features import GEOMETRY, ROBOT

TAUGHT_HEADS = 3
"""The first of the final queries over blocks are taught what to look at; the others find a use of their own."""

SOURCE_HEAD, TARGET_HEAD, TALLEST_HEAD = range(TAUGHT_HEADS)
"""What they are taught: the block to move, the block to put it on, and the tallest block."""

PRESENT_STAGE = -1
"""The reading of the demonstration, of all in order, that is taught which moments show the present stage: the last."""


class DemonstrationMemory(NamedTuple):
    """A demonstration as the context network reads it, computed once a demonstration.

    Attributes:
        contexts: for each LSTM step ``[M, H, K, B, D]``.
        values: for each LSTM step ``[M, K, B, D]``.
        mask: ``[M, K]``, False at padded frames.
    """

    contexts: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask: Tensor

    def select(self, rows: slice) -> DemonstrationMemory:
        """Some of the M demonstrations, without a copy."""
        return DemonstrationMemory(
            tuple(context[rows] for context in self.contexts),
            tuple(value[rows] for value in self.values),
            self.mask[rows],
        )


class Context(NamedTuple):
    """What the context network found.

    Attributes:
        poses: ``[M, N, heads, POSE]``: position (m, gripper frame) and yaw features, blended by the attention.
        block_logits: ``[M, N, heads, B]`` attention over blocks before the softmax.
        time_weights: ``[M, N, readings, K]`` attention over the demonstration: each LSTM step's heads, in order.
    """

    poses: Tensor
    block_logits: Tensor
    time_weights: Tensor


class TemporalAttention(nn.Module):
    """Each block queries every frame; a frame's weight is the sum of its blocks' scores (section 4.2.3)."""

    def __init__(self, dim: int, heads: int, score: Score) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, heads * dim)
        self.context = nn.Linear(dim, heads * dim)
        self.value = nn.Linear(dim, dim)
        self.attention = SoftAttention(dim, score)

    def prepare(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Demonstration ``[M, K, B, D]`` to contexts ``[M, H, K, B, D]`` and values ``[M, K, B, D]``."""
        context = self.context(embedding).unflatten(-1, (self.heads, -1)).permute(0, 3, 1, 2, 4)
        return context.contiguous(), self.value(embedding)

    def forward(self, state: Tensor, context: Tensor, value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """State ``[M, N, B, D]`` to results ``[M, N, B, H * D]`` and weights ``[M, H, N, K]``."""
        query = self.query(state).unflatten(-1, (self.heads, -1)).permute(0, 3, 1, 2, 4)  # [M, H, N, B, D]
        if self.attention.score == "dot_product":  # the sum over blocks is part of the inner product
            logits = self.attention.logits(query.flatten(-2), context.flatten(-2))
        else:
            logits = self.attention.logits(query.transpose(2, 3), context.transpose(2, 3)).sum(2)
        logits = logits.masked_fill(~mask[:, None, None, :], float("-inf"))
        weights = logits.float().softmax(-1)
        frames, blocks, dim = value.shape[1:]
        result = read(weights, value.reshape(-1, frames, blocks * dim))
        return result.unflatten(-1, (blocks, dim)).permute(0, 2, 3, 1, 4).flatten(-2), weights


class ContextNetwork(nn.Module):
    """Present state and demonstration to a context embedding of fixed size."""

    def __init__(self, dim: int, heads: int, query_heads: int, lstm_steps: int, block_heads: int, score: Score) -> None:
        super().__init__()
        self.embed = nn.Linear(GEOMETRY + ROBOT, dim)
        self.state_attention = NeighborhoodAttention(dim, heads, GEOMETRY, ROBOT, score)
        self.temporal = nn.ModuleList(TemporalAttention(dim, query_heads, score) for _ in range(lstm_steps))
        self.merge = nn.ModuleList(nn.Linear(query_heads * dim, dim) for _ in range(lstm_steps))
        self.neighborhood = nn.ModuleList(
            NeighborhoodAttention(dim, heads, GEOMETRY, ROBOT, score) for _ in range(lstm_steps)
        )
        self.lstm = nn.ModuleList(nn.LSTMCell(dim, dim) for _ in range(lstm_steps))
        self.norm = nn.ModuleList(nn.LayerNorm(dim) for _ in range(lstm_steps + 1))
        self.block_context = nn.Linear(dim, block_heads * dim)
        self.block_query = nn.Parameter(torch.randn(block_heads, 1, dim))
        self.block_attention = SoftAttention(dim, score)

    def remember(self, embedding: Tensor, mask: Tensor) -> DemonstrationMemory:
        """What each LSTM step will read from the demonstration embedding ``[M, K, B, D]``."""
        pairs = [cast(TemporalAttention, temporal).prepare(embedding) for temporal in self.temporal]
        return DemonstrationMemory(tuple(c for c, _ in pairs), tuple(v for _, v in pairs), mask)

    def forward(self, memory: DemonstrationMemory, geometry: Tensor, pose: Tensor, robot: Tensor) -> Context:
        """What matters in the present state.

        Args:
            memory: of M demonstrations.
            geometry: ``[M, N, B, GEOMETRY]``.
            pose: ``[M, N, B, POSE]``.
            robot: ``[M, N, ROBOT]``.
        """
        blocks = geometry.shape[-2]
        x = self.embed(torch.cat([geometry, robot[..., None, :].expand(-1, -1, blocks, -1)], dim=-1))
        h = self.state_attention(x, geometry, robot)
        cell = torch.zeros_like(h)
        seen = []
        for step, temporal in enumerate(self.temporal):
            found, weights = temporal(self.norm[step](h), memory.contexts[step], memory.values[step], memory.mask)
            seen.append(weights.transpose(1, 2))
            x = self.neighborhood[step](h + self.merge[step](found), geometry, robot)
            shape = x.shape
            update, cell = self.lstm[step](
                x.flatten(0, -2), (h.flatten(0, -2).to(x.dtype), cell.flatten(0, -2).to(x.dtype))
            )
            h, cell = x + update.view(shape), cell.view(shape)
        context = self.block_context(self.norm[-1](h)).unflatten(-1, (self.block_query.shape[0], -1))
        logits = self.block_attention.logits(self.block_query, context.transpose(-3, -2))[..., 0, :].float()
        # A sum of products, not a matrix product: it stays in single precision under autocast, which keeps millimetres.
        blended = (logits.softmax(-1)[..., None] * pose[..., None, :, :]).sum(-2)
        return Context(blended, logits, torch.cat(seen, dim=-2))
