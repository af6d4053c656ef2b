"""A saved policy loads as it was, and refuses what it cannot use."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from osil.core import Action, Demonstration, Observation
from osil.data.kinematic_episodes import collect
from osil.demonstrations.block_scale import BlockScale
from osil.errors import ConfigError, DemonstrationError, ModelError, ObservationError
from osil.networks.features import ObservationTensors, pad_frames
from osil.networks.manipulation_network import DISPLACEMENT_SCALE, YAW_SCALE, ActionDistribution, most_confident
from osil.networks.reaching import ReachingNetwork, ReachingNetworkConfig
from osil.networks.stacking import StackingNetwork, StackingNetworkConfig
from osil.policies.reaching import ReachingPolicy, ReachingPolicyConfig
from osil.policies.stacking import PolicyConfig, StackingPolicy, save_policy
from osil.robots.robot import load_robot
from osil.tasks.block_size import shown_blocks
from osil.tasks.block_stacking import StackingTask
from osil.tasks.particle_reaching import ParticleAction, ParticleObservation

FETCH = load_robot("fetch")

REACHING = ReachingNetworkConfig(reader="final_state", shared=True, units=2, hidden=(2,), dropout=0.0)
CONFIG = PolicyConfig(network=StackingNetworkConfig(dim=16, hidden=32), ensemble=3)


@pytest.fixture(scope="module")
def shown() -> list[Demonstration[Observation, Action]]:
    episodes = collect([StackingTask.parse("ab +c")] * 3, np.random.default_rng(0), FETCH)
    return [episodes.demonstration(index) for index in range(3)]


@pytest.fixture
def policy() -> StackingPolicy:
    torch.manual_seed(0)
    return StackingPolicy(StackingNetwork(CONFIG.network), CONFIG)


def test_a_saved_policy_acts_as_before(policy, shown, tmp_path):
    save_policy(tmp_path / "model", policy.network, CONFIG)
    loaded = StackingPolicy.load(tmp_path / "model")
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
    policy.reset_batch(shown, [0] * len(shown))
    together = policy.act(Observation.stack(present))
    for index, (one, scene) in enumerate(zip(shown, present, strict=True)):
        policy.reset(one)
        alone = policy.act(scene)
        np.testing.assert_allclose(together.displacement[index], alone.displacement, atol=1e-6)
        assert together.close_gripper[index] == alone.close_gripper


def test_scenes_that_share_a_demonstration_are_acted_in_as_if_each_had_its_own(policy, shown):
    first, equal = shown[0], replace(shown[0])  # equal, but another object: with it nothing is shared
    answers = []
    for prompts in ([first] * 3, [first, equal, first]):
        policy.reset_batch(prompts, [7] * 3)
        answers.append([policy.act(first.observations[steps]) for steps in ([3, 20, 40], [4, 21, 41])])
    for shared, own in zip(*answers, strict=True):
        np.testing.assert_allclose(shared.displacement, own.displacement, atol=1e-6)
        np.testing.assert_allclose(shared.yaw_step, own.yaw_step, atol=1e-6)
        np.testing.assert_array_equal(shared.close_gripper, own.close_gripper)


def test_the_ensemble_answers_as_its_members_asked_one_by_one(policy, shown):
    policy.config = replace(CONFIG, anticipate=False)
    one, scene = shown[0].observations, shown[1].observations
    scale, rng = BlockScale.of([one])[0], np.random.default_rng(4)
    draws = [CONFIG.conditioning.frames(one, rng, shown_blocks(one)) for _ in range(CONFIG.draws)]
    policy.reset(shown[0], seed=4)
    before = torch.zeros(1, 4)
    for step in range(20):
        present = ObservationTensors.from_numpy(scale.shrink(scene[step])[None, None])
        with torch.inference_mode():
            answers = [
                policy.network(policy.network.remember(*pad_frames([scale.shrink(one[kept])])), present).actions
                for kept in draws[step : step + CONFIG.ensemble]
            ]
        motion, close = most_confident(ActionDistribution(*map(torch.cat, zip(*answers, strict=True))), 3, before)
        before = torch.as_tensor(motion, dtype=torch.float32)
        expected = scale.grow(Action(motion[0, :3] * DISPLACEMENT_SCALE, close[0], motion[0, 3] * YAW_SCALE))
        for name, array in vars(policy.act(scene[step])).items():
            np.testing.assert_allclose(array, getattr(expected, name), atol=1e-5)


def test_a_demonstration_and_its_seed_give_the_same_frames_in_any_batch(policy, shown):
    """Temporal dropout by chance, too, so that a batch answers as each would alone."""
    present = [one.observations[11] for one in shown]
    policy.reset_batch(shown, [5, 6, 7])
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


def test_a_policy_of_positions_alone_does_not_see_yaws(shown):
    config = replace(CONFIG, network=replace(CONFIG.network, yaw=False))
    torch.manual_seed(0)
    policy = StackingPolicy(StackingNetwork(config.network), config)
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
        StackingPolicy.load(tmp_path)
    save_policy(tmp_path, StackingNetwork(StackingNetworkConfig(dim=32)), CONFIG)
    with pytest.raises(ModelError, match="cannot load"):
        StackingPolicy.load(tmp_path)


@pytest.mark.parametrize("wrong", [-1, 1.5, "a", None, True, [1]])
def test_seeds_that_are_none_are_refused(policy, shown, wrong: object) -> None:
    with pytest.raises(ConfigError, match="expected whole numbers from 0 on"):
        policy.reset(shown[0], seed=wrong)
    for seeds in (wrong, [wrong] * 3, [1, 2], [[0, 1, 2]], [[1], [1, 2]]):
        with pytest.raises(ConfigError, match="expected whole numbers from 0 on, as many as scenes, which are 3"):
            policy.reset_batch(shown, seeds)
    policy.reset_batch(shown, np.arange(len(shown)))


def in_other_units(samples: Observation | Action, name: str, factor: float) -> Observation | Action:
    return replace(samples, **{name: getattr(samples, name) * factor})


WRONG_UNITS = [
    ("block_positions", 1e3, "at most 10 metres"),
    ("block_positions", 1e9, "at most 10 metres"),
    ("block_positions", -1e30, "at most 10 metres"),
    ("gripper_opening", 1e3, "at most 1 metres"),
    ("block_yaws", 1e9, "at most 12.57 radians"),
]


@pytest.mark.parametrize(("name", "factor", "expected"), WRONG_UNITS)
def test_what_no_arm_can_see_is_named(policy, shown, name: str, factor: float, expected: str) -> None:
    """In each of several ways of showing and of seeing: with the name, the number and its unit."""
    wrong = [in_other_units(one.observations, name, factor) for one in shown]
    worst = np.abs(getattr(wrong[0][7], name)).max()
    policy.reset(shown[0])
    with pytest.raises(ObservationError, match=f"^{name}: expected {expected}, got "):
        policy.act(wrong[0][7])
    assert worst > 12.57
    policy.act(shown[0].observations[7])
    policy.reset_batch(shown, range(3))
    with pytest.raises(ObservationError, match=f"^{name}: expected {expected}, got "):
        policy.act(Observation.stack([shown[0].observations[7], wrong[1][7], shown[2].observations[7]]))
    strange = Demonstration(wrong[0], shown[0].actions)
    with pytest.raises(DemonstrationError, match=f"{name}: expected {expected}, got "):
        policy.reset(strange)
    with pytest.raises(DemonstrationError, match=f"{name}: expected {expected}, got "):
        policy.reset_batch([shown[0], strange], [0, 1])
    policy.act(Observation.stack([one.observations[7] for one in shown]))


@pytest.mark.parametrize(("name", "factor"), [("displacement", 1e6), ("yaw_step", 1e9)])
def test_what_no_arm_can_do_is_named(policy, shown, name: str, factor: float) -> None:
    strange = Demonstration(shown[0].observations, in_other_units(shown[0].actions, name, factor))
    with pytest.raises(DemonstrationError, match=f"{name}: expected at most .* (metres|radians), got "):
        policy.reset(strange)


@pytest.fixture(params=["stacking", "reaching"])
def pair(request, policy, shown):
    """A policy with a demonstration for it, and one of the other family."""
    landmarks = np.random.default_rng(0).uniform(-1.0, 1.0, (9, 3, 2))
    seen = ParticleObservation(landmarks, np.zeros((9, 2)), np.zeros((9, 2)))
    reaching = Demonstration(seen, ParticleAction(np.zeros((9, 2))))
    if request.param == "stacking":
        return policy, shown[0], reaching
    config = ReachingPolicyConfig(replace(REACHING, num_landmarks=3), frames=4)
    return ReachingPolicy(ReachingNetwork(config.network), config), reaching, shown[0]


def test_what_is_no_demonstration_is_refused_by_name(pair) -> None:
    policy, good, other = pair
    for wrong in (good.observations, good.actions, None, 3, "abc", np.zeros((9, 3)), {"a": 1}, [good, None], [[good]]):
        with pytest.raises(DemonstrationError, match="expected a Demonstration, or a sequence of.* of one task, got "):
            policy.reset(wrong)
        with pytest.raises(DemonstrationError, match="expected a Demonstration, or a sequence of.* of one task, got "):
            policy.reset_batch([good, wrong], [0, 1])
    for wrong in (other, [other], Demonstration(good.actions, good.observations)):
        with pytest.raises(DemonstrationError, match="this policy needs one of "):
            policy.reset(wrong)
        with pytest.raises(DemonstrationError, match="this policy needs one of "):
            policy.reset_batch([good, wrong], [0, 1])


def test_a_prompt_is_one_demonstration_and_a_batch_has_one_prompt_for_each_scene(pair) -> None:
    policy, good, _ = pair
    present = good.observations[3]
    policy.reset(good, seed=2)
    alone = policy.act(present)
    policy.reset([good], seed=2)
    for name, array in vars(policy.act(present)).items():
        np.testing.assert_array_equal(array, getattr(alone, name))
    for count in (0, 2, 3):
        with pytest.raises(DemonstrationError, match=f"a prompt of {count} demonstrations: .*exactly 1; .*reset_batch"):
            policy.reset([good] * count)
        with pytest.raises(DemonstrationError, match=f"a prompt of {count} demonstrations"):
            policy.reset_batch([good, [good] * count], [0, 1])
    for wrong in (good, None, 3):
        with pytest.raises(DemonstrationError, match=f"expected a sequence of prompts.*got {type(wrong).__name__}"):
            policy.reset_batch(wrong, [0])
    with pytest.raises(DemonstrationError, match="for each scene of a batch, got none"):
        policy.reset_batch([], [])
    policy.reset_batch([good, [good]], [0, 1])
    assert policy.act(type(present).stack([present, present])).leading_shape == (2,)


def test_what_is_no_observation_is_refused_by_name(pair) -> None:
    policy, good, other = pair
    policy.reset(good)
    for wrong in (None, 3, "abc", np.zeros((3, 3)), good, good.actions[0], other.observations[0]):
        with pytest.raises(ObservationError, match=f"expected .*Observation, got {type(wrong).__name__}"):
            policy.act(wrong)
    policy.act(good.observations[0])


@pytest.mark.parametrize("name", ["landmark_positions", "robot_position", "robot_velocity"])
def test_what_is_far_from_the_arena_is_named(name: str) -> None:
    config = ReachingPolicyConfig(replace(REACHING, num_landmarks=3), frames=4)
    policy = ReachingPolicy(ReachingNetwork(config.network), config)
    ones = np.ones((9, 2))
    seen = ParticleObservation(np.ones((9, 3, 2)), ones, ones)
    strange = replace(seen, **{name: getattr(seen, name) * 1e9})
    policy.reset(Demonstration(seen, ParticleAction(ones)))
    with pytest.raises(ObservationError, match=f"{name}: expected at most 100 metres"):
        policy.act(strange[0])
    with pytest.raises(DemonstrationError, match=f"{name}: expected at most 100 metres"):
        policy.reset(Demonstration(strange, ParticleAction(ones)))
    with pytest.raises(DemonstrationError, match="force: expected at most 100 newtons"):
        policy.reset(Demonstration(seen, ParticleAction(1e9 * ones)))
