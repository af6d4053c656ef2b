"""A saved policy loads as it was, and refuses what it cannot use."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from osil.core import Action, Demonstration, Observation
from osil.data.kinematic_episodes import collect
from osil.errors import ConfigError, DemonstrationError, ModelError, ObservationError
from osil.networks.manipulation_network import ActionDistribution
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.stacking import OneShotPolicy, PolicyConfig, load_policy, most_confident, save_policy
from osil.tasks.block_stacking import StackingTask

CONFIG = PolicyConfig(network=StackingNetworkConfig(dim=16, hidden=32), ensemble=3)
STANDING = torch.zeros(1, 3)


@pytest.fixture(scope="module")
def shown() -> list[Demonstration[Observation, Action]]:
    episodes = collect([StackingTask.parse("ab +c")] * 3, np.random.default_rng(0))
    return [episodes.demonstration(index) for index in range(3)]


@pytest.fixture
def policy() -> OneShotPolicy:
    torch.manual_seed(0)
    return OneShotPolicy(StackingNetwork(CONFIG.network), CONFIG)


def test_a_saved_policy_acts_as_before(policy, shown, tmp_path):
    save_policy(tmp_path / "model", policy.network, CONFIG)
    loaded = load_policy(tmp_path / "model")
    assert loaded.config == CONFIG
    for one in (policy, loaded):
        one.reset(shown[0], seed=4)
    present = shown[1].observations[7]
    np.testing.assert_allclose(policy.act(present).displacement, loaded.act(present).displacement, rtol=1e-5)
    assert loaded.info["name"] == "model"
    assert len(loaded.info["digest"]) == 12


def test_a_batch_of_scenes_is_acted_in_as_one_by_one(policy, shown):
    policy.config = replace(CONFIG, ensemble=1, conditioning=replace(CONFIG.conditioning, kind="final_state"))
    present = [one.observations[11] for one in shown]
    policy.reset(shown)
    together = policy.act(Observation.stack(present))
    for index, (one, scene) in enumerate(zip(shown, present, strict=True)):
        policy.reset(one)
        alone = policy.act(scene)
        np.testing.assert_allclose(together.displacement[index], alone.displacement, atol=1e-6)
        assert together.close_gripper[index] == alone.close_gripper


def test_a_demonstration_and_its_seed_give_the_same_frames_in_any_batch(policy, shown):
    """Temporal dropout by chance, too, so that a batch answers as each would alone."""
    present = [one.observations[11] for one in shown]
    policy.reset(shown, seed=[5, 6, 7])
    together = policy.act(Observation.stack(present))
    for index, (one, scene) in enumerate(zip(shown, present, strict=True)):
        policy.reset(one, seed=5 + index)
        np.testing.assert_allclose(together.displacement[index], policy.act(scene).displacement, atol=1e-6)


def test_attention_is_a_distribution_over_steps_and_blocks(policy, shown):
    policy.reset(shown[0])
    assert policy.attention is None
    policy.act(shown[1].observations[0])
    attention = policy.attention
    assert attention is not None
    for weights, length in ((attention.over_time, len(shown[0])), (attention.source, 3), (attention.target, 3)):
        assert weights.shape == (length,)
        assert weights.sum() == pytest.approx(1.0, abs=1e-4)


def test_the_mode_counts_not_the_mean_nor_the_peak():
    left, right = [-1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]
    broad, narrow = [-2.0] * 4, [-3.0] * 4
    actions = ActionDistribution(
        torch.log(torch.tensor([[[0.7, 0.3]]])),
        torch.tensor([[[left, right]]]),
        torch.tensor([[[broad, narrow]]]),
        torch.tensor([[[0.3, 0.3]]]),
    )
    motion, close = most_confident(actions, 1, STANDING)
    np.testing.assert_allclose(motion, [left], atol=1e-4)
    assert close.tolist() == [True]


def test_up_or_down_is_not_rest():
    """A component that stands for both has a mean of no motion, and is nowhere near it."""
    rest, on = [0.0] * 4, [0.4, 0.0, 0.3, 0.0]
    vertical, sure = [-3.0, -3.0, -0.2, -3.0], [-1.6, -2.5, -2.3, -3.0]
    actions = ActionDistribution(
        torch.log(torch.tensor([[[0.6, 0.4]]])),
        torch.tensor([[[rest, on]]]),
        torch.tensor([[[vertical, sure]]]),
        torch.tensor([[[8.0, 8.0]]]),
    )
    motion, _ = most_confident(actions, 1, STANDING)
    np.testing.assert_allclose(motion, [on], atol=0.05)


@pytest.mark.parametrize(("before", "chosen"), [(0.0, -1.0), (-1.0, -1.0), (1.0, 1.0)])
def test_a_hand_that_goes_up_does_not_turn_round_for_a_little(before, chosen):
    up, down = [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, -1.0, 0.0]
    actions = ActionDistribution(
        torch.log(torch.tensor([[[0.4, 0.6]]])),
        torch.tensor([[[up, down]]]),
        torch.full((1, 1, 2, 4), -3.0),
        torch.tensor([[[8.0, 8.0]]]),
    )
    motion, _ = most_confident(actions, 1, torch.tensor([[0.0, 0.0, before]]))
    assert motion[0, 2] == pytest.approx(chosen, abs=1e-3)


def test_fingers_and_motion_belong_together():
    """ "Down, open" and "rest, close" are both right; "rest, open" would be forever."""
    down, rest = [0.0, 0.0, -1.0, 0.0], [0.0] * 4
    actions = ActionDistribution(
        torch.log(torch.tensor([[[0.55, 0.45]]])),
        torch.tensor([[[rest, down]]]),
        torch.full((1, 1, 2, 4), -3.0),
        torch.tensor([[[0.2, -8.0]]]),
    )
    motion, close = most_confident(actions, 1, STANDING)
    np.testing.assert_allclose(motion, [down], atol=1e-4)
    assert close.tolist() == [False]


def test_a_policy_of_positions_alone_does_not_see_yaws(shown):
    config = replace(CONFIG, network=replace(CONFIG.network, yaw=False))
    torch.manual_seed(0)
    policy = OneShotPolicy(StackingNetwork(config.network), config)
    seen = shown[0].observations[0]
    turned = turned_by(seen, 0.4)
    policy.reset(shown[0])
    one = policy.act(seen)
    policy.reset(Demonstration(turned_by(shown[0].observations, 0.4), shown[0].actions))
    other = policy.act(turned)
    np.testing.assert_allclose(one.displacement, other.displacement, atol=1e-7)
    assert one.yaw_step == 0.0


def turned_by(observations: Observation, yaw: float) -> Observation:
    return Observation(observations.block_positions, observations.gripper_opening, observations.block_yaws + yaw)


def test_the_window_of_draws_moves_to_and_fro(policy, shown):
    policy.reset(shown[0])
    looked = []
    for _ in range(80):
        policy.act(shown[0].observations[0])
        looked.append(np.flatnonzero(policy.attention.over_time).tolist())
    last = CONFIG.draws - CONFIG.ensemble
    assert looked[0] == looked[2 * last]
    assert looked[1] == looked[2 * last - 1]
    assert looked[0] != looked[last]


def test_what_it_cannot_use_is_refused(policy, shown, tmp_path):
    with pytest.raises(ObservationError, match="call reset first"):
        policy.act(shown[0].observations[0])
    policy.reset(shown[0])
    with pytest.raises(ObservationError, match="2 blocks"):
        policy.act(Observation(np.zeros((2, 3)), np.float64(0.06)))
    with pytest.raises(DemonstrationError, match="nothing happens"):
        policy.reset(shown[0][np.zeros(5, dtype=int)])
    with pytest.raises(ModelError, match="expected a folder"):
        load_policy(tmp_path)
    save_policy(tmp_path, StackingNetwork(StackingNetworkConfig(dim=32)), CONFIG)
    with pytest.raises(ModelError, match="cannot load"):
        load_policy(tmp_path)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", [1, 2], [[0, 1, 2]]])
def test_seeds_that_are_none_are_refused(policy, shown, seed: object) -> None:
    with pytest.raises(ConfigError, match="expected a whole number"):
        policy.reset(shown, seed=seed)
    policy.reset(shown, seed=np.arange(len(shown)))
