"""Of what an ensemble answers, the motion that most of it means is chosen."""

import numpy as np
import pytest
import torch

from osil.networks.context_network import HELD_HEAD
from osil.networks.features import between_yaws, yaw_features
from osil.networks.manipulation_network import ActionDistribution, ManipulationNetwork, most_confident

STANDING = torch.zeros(1, 4)


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
@pytest.mark.parametrize("axis", [2, 3])
def test_a_hand_that_goes_up_or_turns_left_does_not_turn_round_for_a_little(before, chosen, axis):
    along = np.eye(4, dtype=np.float32)[axis]
    actions = ActionDistribution(
        torch.log(torch.tensor([[[0.4, 0.6]]])),
        torch.as_tensor(np.stack([along, -along])[None, None]),
        torch.full((1, 1, 2, 4), -3.0),
        torch.tensor([[[8.0, 8.0]]]),
    )
    motion, _ = most_confident(actions, 1, torch.as_tensor(before * along)[None])
    assert motion[0, axis] == pytest.approx(chosen, abs=1e-3)


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


def test_where_the_fingers_hold_a_block_takes_nothing_from_how_far_it_is_above_another():
    """From the hand alone, 3 mm below a block that is held 25 mm under the fingers' centre are hard to tell from 6."""
    torch.manual_seed(0)
    network = ManipulationNetwork(block_heads=HELD_HEAD + 1, hidden=16, components=2)
    seen = []
    network.mlp.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    for held, below in ((-0.025, -0.068), (-0.025, -0.071), (0.0, -0.043), (0.0, -0.046)):
        poses = torch.tensor([[[0.1, 0.0, below, 1.0, 0.0]] * HELD_HEAD + [[0.0, 0.0, held, 1.0, 0.0]]])
        network(poses, torch.zeros(1, 3))
    low, high = (abs(one - other).max() for one, other in (seen[:2], seen[2:]))
    assert low == pytest.approx(high, rel=0.3)


def test_a_turn_between_two_yaws_is_that_of_their_difference():
    first, second = torch.tensor([0.1, 0.7, -2.0]), torch.tensor([0.4, 0.7, 1.3])
    torch.testing.assert_close(between_yaws(yaw_features(first), yaw_features(second)), yaw_features(second - first))
