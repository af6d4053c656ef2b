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
from torch.nn import functional

from osil.networks.attention import NeighborhoodAttention, Score, SoftAttention
from osil.networks.features import GEOMETRY, ROBOT

TAUGHT_HEADS = 6
"""The first of the final queries over blocks are taught what to look at; the others find a use of their own."""

SOURCE_HEAD, TARGET_HEAD, TALLEST_HEAD, HELD_HEAD, LYING_HEAD, BESIDE_HEAD = range(TAUGHT_HEADS)
"""What they are taught: the block to move, the block to put it on, the tallest block, the one in the fingers, one that
lies on the table, and the one beside which the hand comes down."""

PRESENT_STAGE = -1
"""The reading of the demonstration, of all in order, that is taught which moments show the present stage: the last."""


class Reading(NamedTuple):
    """What one LSTM step brings to a demonstration: its linear maps, multiplied out, as pairs of weight and bias.

    Attributes:
        query: embedding of a block to what the attention scores against the contexts, ``[heads * D, D]``.
        result: what all heads read, joined, to an update of the embedding, ``[D, heads * D]``.
    """

    query: tuple[Tensor, Tensor]
    result: tuple[Tensor, Tensor]


class DemonstrationMemory(NamedTuple):
    """A demonstration as the context network reads it, computed once a demonstration.

    Attributes:
        embedding: ``[M, K, B, D]``.
        hidden: ``[M, 1, K]``, to be added to scores: minus infinity at padded frames, 0 at others.
        readings: for each LSTM step.
    """

    embedding: Tensor
    hidden: Tensor
    readings: tuple[Reading, ...]

    def select(self, rows: slice) -> DemonstrationMemory:
        """Some of the M demonstrations, without a copy."""
        return self._replace(embedding=self.embedding[rows], hidden=self.hidden[rows])


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

    def prepare(self, merge: nn.Linear) -> Reading:
        """Multiply out what follows one another, ``merge`` of what the heads read included.

        A query meets the contexts of all frames and reads all their values, which linear layers make of the embedding.
        It is as well to apply these layers to the query and to what was read: there are fewer of them, and one small
        embedding serves all heads and steps.
        """
        query, bias = self._by_head(self.query.weight), self._by_head(self.query.bias)
        if self.attention.score == "dot_product":
            # The bias of the contexts would raise the scores of all frames alike, which no softmax notices.
            context = self._by_head(self.context.weight).mT * self.attention.scale
            query, bias = context @ query, (context @ bias[..., None])[..., 0]
        merging = merge.weight.unflatten(1, (self.heads, -1))
        return Reading(
            (query.flatten(0, 1), bias.flatten()),
            ((merging @ self.value.weight).flatten(1), merging.sum(1) @ self.value.bias + merge.bias),
        )

    def _by_head(self, joined: Tensor) -> Tensor:
        """``[H * D, ...]`` to ``[H, D, ...]``."""
        split: Tensor = joined.unflatten(0, (self.heads, -1))
        return split

    def forward(self, state: Tensor, reading: Reading, memory: DemonstrationMemory) -> tuple[Tensor, Tensor]:
        """State ``[M, N, B, D]`` to an update of it of the same shape, and weights ``[M, N, H, K]``."""
        query = self._split_heads(functional.linear(state, *reading.query))  # [M, N, H, B, D]
        frames, grid = memory.embedding.flatten(-2), query.shape[1:3]
        if self.attention.score == "dot_product":  # the sum over blocks is part of the inner product
            logits = query.flatten(-2).flatten(1, 2) @ frames.mT
        else:
            context = self._split_heads(self.context(memory.embedding))  # [M, K, H, B, D]
            logits = self.attention.logits(query.movedim(1, 3), context.movedim(1, 3)).sum(2)
            logits = logits.transpose(1, 2).flatten(1, 2)
        weights = (logits + memory.hidden).softmax(-1)  # [M, N * H, K]
        found = (weights.to(frames.dtype) @ frames).unflatten(-1, state.shape[2:]).unflatten(1, grid)
        update = functional.linear(found.transpose(2, 3).flatten(-2), *reading.result)
        return update, weights.unflatten(1, grid)

    def _split_heads(self, joined: Tensor) -> Tensor:
        """``[..., B, H * D]`` to ``[..., H, B, D]``."""
        split: Tensor = joined.unflatten(-1, (self.heads, -1))
        return split.transpose(-3, -2)


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
        """What each LSTM step will read: embedding ``[M, K, B, D]``, mask ``[M, K]``, False at padded frames."""
        hidden = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, float("-inf"))[:, None]
        pairs = zip(self.temporal, self.merge, strict=True)
        readings = [cast(TemporalAttention, one).prepare(cast(nn.Linear, merge)) for one, merge in pairs]
        # Autocast reads it in half precision at every step: to convert it once pays in training.
        return DemonstrationMemory(embedding.to(readings[0].result[0].dtype), hidden, tuple(readings))

    def forward(self, memory: DemonstrationMemory, geometry: Tensor, pose: Tensor, robot: Tensor) -> Context:
        """What matters in present states.

        Args:
            memory: of M demonstrations. M is a multiple of P: demonstration m goes with the states of row m modulo P.
            geometry: ``[P, N, B, GEOMETRY]``.
            pose: ``[P, N, B, POSE]``.
            robot: ``[P, N, ROBOT]``.
        """
        blocks = geometry.shape[-2]
        x = self.embed(torch.cat([geometry, robot[..., None, :].expand(-1, -1, blocks, -1)], dim=-1))
        h = self.state_attention(x, geometry, robot)
        askers = memory.embedding.shape[0] // h.shape[0]
        h, geometry, pose = (one.repeat(askers, 1, 1, 1) for one in (h, geometry, pose))
        robot = robot.repeat(askers, 1, 1)
        cell = torch.zeros_like(h)
        seen = []
        for step, (temporal, reading) in enumerate(zip(self.temporal, memory.readings, strict=True)):
            found, weights = temporal(self.norm[step](h), reading, memory)
            seen.append(weights)
            x = self.neighborhood[step](h + found, geometry, robot)
            shape = x.shape
            update, cell = self.lstm[step](
                x.flatten(0, -2), (h.flatten(0, -2).to(x.dtype), cell.flatten(0, -2).to(x.dtype))
            )
            h, cell = x + update.view(shape), cell.view(shape)
        scores = self._scores(self.norm[-1](h)).float()
        # A sum of products, not a matrix product: it stays in single precision under autocast, which keeps millimetres.
        blended = (scores.softmax(-2)[..., None] * pose[..., None, :]).sum(-3)
        return Context(blended, scores.mT, torch.cat(seen, dim=-2))

    def _scores(self, state: Tensor) -> Tensor:
        """State ``[M, N, B, D]`` to the final queries' attention before the softmax, ``[M, N, B, heads]``."""
        heads = len(self.block_query)
        if self.block_attention.score == "dot_product":  # multiplied out, like what a reading does
            query = self.block_query @ self.block_context.weight.unflatten(0, (heads, -1)) * self.block_attention.scale
            return functional.linear(state, query[:, 0])
        context = self.block_context(state).unflatten(-1, (heads, -1))
        return self.block_attention.logits(self.block_query, context.transpose(-3, -2))[..., 0, :].mT
