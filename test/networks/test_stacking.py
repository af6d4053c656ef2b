"""What the architecture promises (section 4.2): any number of blocks, any length, no matter in which order."""

import numpy as np
import pytest
import torch

from osil.core import Observation
from osil.errors import ConfigError
from osil.networks.features import ObservationTensors, pad_frames
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig


def random_observation(rng: np.random.Generator, *leading: int) -> Observation:
    return Observation(
        rng.uniform(-0.3, 0.3, (*leading, 3)), rng.uniform(0.0, 0.066, leading[:-1]), rng.uniform(-0.7, 0.7, leading)
    )


def act(network: StackingNetwork, shown: list[Observation], present: Observation):
    with torch.inference_mode():
        return network(network.remember(*pad_frames(shown)), ObservationTensors.from_numpy(present))


@pytest.fixture(scope="module", params=["dot_product", "additive"])
def network(request) -> StackingNetwork:
    torch.manual_seed(0)
    return StackingNetwork(StackingNetworkConfig(dim=16, hidden=32, score=request.param)).eval()


@pytest.mark.parametrize("blocks", [2, 5, 13])
@pytest.mark.parametrize("frames", [1, 4, 40])
def test_any_number_of_blocks_and_frames(network, blocks, frames):
    rng = np.random.default_rng(0)
    output = act(network, [random_observation(rng, frames, blocks)] * 2, random_observation(rng, 2, 3, blocks))
    assert output.actions.means.shape == (2, 3, 4, 4)
    assert output.context.block_logits.shape == (2, 3, 6, blocks)
    assert output.actions.close_logits.shape == (2, 3, 4)
    assert output.context.time_weights.shape == (2, 3, 3 * 2, frames)


def test_the_order_of_the_blocks_does_not_matter(network):
    rng = np.random.default_rng(1)
    shown, present = random_observation(rng, 9, 6), random_observation(rng, 1, 4, 6)
    order = rng.permutation(6)

    def permuted(o: Observation) -> Observation:
        return Observation(o.block_positions[..., order, :], o.gripper_opening, o.block_yaws[..., order])

    plain, other = act(network, [shown], present), act(network, [permuted(shown)], permuted(present))
    torch.testing.assert_close(plain.actions.means, other.actions.means, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(plain.context.block_logits[..., order], other.context.block_logits, atol=1e-4, rtol=1e-4)


def test_padding_changes_nothing(network):
    rng = np.random.default_rng(2)
    short, long = random_observation(rng, 5, 4), random_observation(rng, 17, 4)
    present = random_observation(rng, 1, 2, 4)
    alone = act(network, [short], present)
    twice = Observation(
        *(np.concatenate([x, x]) for x in (present.block_positions, present.gripper_opening)),
        np.concatenate([present.block_yaws] * 2),
    )
    padded = act(network, [short, long], twice)
    torch.testing.assert_close(alone.actions.means[0], padded.actions.means[0], atol=1e-5, rtol=1e-4)
    assert (padded.context.time_weights[0, ..., 5:] == 0).all()


def test_the_demonstration_matters(network):
    rng = np.random.default_rng(3)
    present = random_observation(rng, 1, 2, 4)
    one, other = (act(network, [random_observation(rng, 8, 4)], present) for _ in range(2))
    assert not torch.allclose(one.actions.means, other.actions.means, atol=1e-4)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="multiple of attention_heads"):
        StackingNetworkConfig(dim=15, attention_heads=2)
