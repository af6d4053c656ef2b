"""What is multiplied out beforehand answers as its layers do in a row."""

import pytest
import torch
from torch import Tensor

from osil.networks.attention import Score
from osil.networks.context_network import ContextNetwork, TemporalAttention

DIM, HEADS, BLOCKS = 8, 2, 5


@pytest.fixture(params=["dot_product", "additive"])
def network(request) -> ContextNetwork:
    torch.manual_seed(0)
    score: Score = request.param
    return ContextNetwork(DIM, 2, HEADS, lstm_steps=1, block_heads=3, score=score)


def test_temporal_attention_is_that_of_its_layers_in_a_row(network: ContextNetwork) -> None:
    attention, merge = network.temporal[0], network.merge[0]
    state, embedding = torch.randn(3, 2, BLOCKS, DIM), torch.randn(3, 7, BLOCKS, DIM)
    mask = torch.arange(7) < torch.tensor([[7], [4], [1]])
    memory = network.remember(embedding, mask)
    update, weights = attention(state, memory.readings[0], memory)
    expected = scores(attention, state, embedding).masked_fill(~mask[:, None, None], float("-inf")).softmax(-1)
    read = torch.einsum("mnhk,mkbd->mnbhd", expected, attention.value(embedding))
    torch.testing.assert_close(weights, expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(update, merge(read.flatten(-2)), atol=1e-6, rtol=1e-5)


def scores(attention: TemporalAttention, state: Tensor, embedding: Tensor) -> Tensor:
    """``[M, N, H, K]``, as the paper has them: the sum over blocks of each query's score against each context."""
    query, context = (x.unflatten(-1, (HEADS, DIM)) for x in (attention.query(state), attention.context(embedding)))
    query, context = query[:, :, None], context[:, None]  # [M, N, K, B, H, D]
    if attention.attention.v is None:
        alike = (query * context).sum(-1) * attention.attention.scale
    else:
        alike = torch.tanh(query + context) @ attention.attention.v
    return alike.sum(3).transpose(2, 3)


def test_present_states_go_round_the_demonstrations(network: ContextNetwork) -> None:
    """Two rows of states for six demonstrations answer as six rows that repeat them."""
    memory = network.remember(torch.randn(6, 4, BLOCKS, DIM), torch.ones(6, 4, dtype=torch.bool))
    geometry, pose, robot = torch.randn(2, 3, BLOCKS, 11), torch.randn(2, 3, BLOCKS, 5), torch.randn(2, 3, 3)
    once = network(memory, geometry, pose, robot)
    six = network(memory, *(torch.cat([x] * 3) for x in (geometry, pose, robot)))
    for one, other in zip(once, six, strict=True):
        assert len(one) == 6
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
