"""What the three architectures of section 4.1 do and do not depend on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from osil.errors import ConfigError
from osil.networks.reaching import ReachingNetwork, ReachingNetworkConfig, ReachingTensors

FLAT = {
    "plain_lstm": ReachingNetworkConfig(reader="lstm", attention=False, num_landmarks=4, units=32),
    "lstm_attention": ReachingNetworkConfig(reader="lstm", attention=True, num_landmarks=4, units=32),
    "final_state": ReachingNetworkConfig(reader="final_state", attention=True, num_landmarks=4, units=32),
}
SHARED = {
    name: ReachingNetworkConfig(reader=reader, shared=True, coordinates="relative", units=32)
    for name, reader in (("lstm_attention", "lstm"), ("final_state", "final_state"))
}


def _network(config: ReachingNetworkConfig) -> ReachingNetwork:
    torch.manual_seed(0)
    return ReachingNetwork(config).eval()


def _scene(leading: tuple[int, ...], num_landmarks: int, seed: int) -> ReachingTensors:
    rng = torch.Generator().manual_seed(seed)
    landmarks = torch.rand(leading[0], 1, num_landmarks, 2, generator=rng).expand(*leading, -1, -1)
    return ReachingTensors(landmarks, torch.rand(*leading, 2, generator=rng), torch.rand(*leading, 2, generator=rng))


def _act(network: ReachingNetwork, num_landmarks: int, order: list[int], frames: slice = slice(None)) -> tuple:
    shown, present = _scene((3, 6), num_landmarks, 0), _scene((3, 5), num_landmarks, 1)
    forces = torch.rand(3, 6, 2, generator=torch.Generator().manual_seed(2))
    shown, present = (ReachingTensors(x.landmarks[..., order, :], x.position, x.velocity) for x in (shown, present))
    with torch.no_grad():
        output = network(network.remember(ReachingTensors(*(x[:, frames] for x in shown)), forces[:, frames]), present)
    return output.force.numpy(), None if output.weights is None else output.weights.numpy()


@pytest.mark.parametrize("config", SHARED.values(), ids=SHARED)
@pytest.mark.parametrize("num_landmarks", [2, 4, 20])
def test_a_shared_reader_does_not_care_for_the_order_of_landmarks(
    config: ReachingNetworkConfig, num_landmarks: int
) -> None:
    network = _network(config)
    order = np.random.default_rng(0).permutation(num_landmarks).tolist()
    force, weights = _act(network, num_landmarks, list(range(num_landmarks)))
    again, permuted = _act(network, num_landmarks, order)
    np.testing.assert_allclose(again, force, atol=1e-5)
    np.testing.assert_allclose(permuted, weights[:, order], atol=1e-5)


@pytest.mark.parametrize("config", FLAT.values(), ids=FLAT)
def test_the_papers_readers_take_landmarks_in_a_fixed_order(config: ReachingNetworkConfig) -> None:
    """Their weights belong to places in one long vector; what they know of an order they learn."""
    network = _network(config)
    force, _ = _act(network, 4, [0, 1, 2, 3])
    again, _ = _act(network, 4, [3, 2, 1, 0])
    assert np.abs(again - force).max() > 1e-4


@pytest.mark.parametrize("config", [*FLAT.values(), *SHARED.values()])
def test_only_the_final_state_networks_ignore_what_came_before_it(config: ReachingNetworkConfig) -> None:
    network = _network(config)
    whole, _ = _act(network, 4, [0, 1, 2, 3])
    last, _ = _act(network, 4, [0, 1, 2, 3], slice(-1, None))
    if config.reader == "final_state":
        np.testing.assert_allclose(last, whole, atol=1e-6)
    else:
        assert np.abs(last - whole).max() > 1e-5


@pytest.mark.parametrize("config", [FLAT["final_state"], FLAT["lstm_attention"], *SHARED.values()])
def test_attention_is_a_weighting(config: ReachingNetworkConfig) -> None:
    _, weights = _act(_network(config), 4, [0, 1, 2, 3])
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)


@pytest.mark.parametrize("config", SHARED.values(), ids=SHARED)
def test_relative_coordinates_know_no_place(config: ReachingNetworkConfig) -> None:
    network = _network(config)
    shown, present = _scene((3, 6), 4, 0), _scene((3, 5), 4, 1)
    shift = torch.tensor([3.0, -2.0])
    moved = ReachingTensors(present.landmarks + shift, present.position + shift, present.velocity)
    with torch.no_grad():
        memory = network.remember(shown, torch.zeros(3, 6, 2))
        np.testing.assert_allclose(network(memory, moved).force, network(memory, present).force, atol=1e-4)


@pytest.mark.parametrize(
    "wrong", [{"reader": "none"}, {"attention": False, "shared": True}, {"units": 0}, {"dropout": 1.0}]
)
def test_settings_that_do_not_go_together_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        ReachingNetworkConfig(**wrong)
