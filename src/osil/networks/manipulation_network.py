"""The manipulation network (section 4.2.4, figure 7): a multi-layer perceptron from the context to an action.

It puts out a distribution over actions, as the paper's does, because ensembles are averaged over distributions and
the most confident action is taken (section 5.2.2). A single action would not do: the mean of two moves that are equally
good, such as up and down, is no move.

Motion and fingers are distributed jointly. At the height at which the fingers close, "move down, stay open" and "stay,
close" are both right. Two separate answers could combine to "stay, stay open", and then nothing would ever change.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from osil.core import BoolArray, FloatArray
from osil.networks.context_network import HELD_HEAD
from osil.networks.features import GEOMETRY, POSITION, ROBOT, YAW, between_yaws, position_features

MOTION = 4
"""Size of a motion: displacement along x, y and z, then yaw step."""

DISPLACEMENT, YAW_STEP = slice(0, 3), 3
"""Where displacement and yaw step stand in a motion."""

DISPLACEMENT_SCALE = 0.025
"""Metres that count as 1 in the network's output."""

YAW_SCALE = 0.08
"""Radians that count as 1 in the network's output."""

NEIGHBOURHOOD = 0.2
"""Motions closer than this in units of the network (5 mm, 0.016 rad) count as the same motion."""

REVERSAL = 4.0
"""The hand turns round only for a motion that is so many times as confident as going on is."""

LIKELY = 0.1
"""Components with less than this share of the likeliest one's weight are left out of what is drawn by chance."""

STILL = 0.2
"""Motions shorter than this in units of the network (5 mm) have hardly a direction."""

MIN_STD, MAX_STD = 0.05, 2.0
"""Least and greatest standard deviation of a component, in units of the network: the likelihood stays finite."""


class ActionDistribution(NamedTuple):
    """A mixture of ``C`` components, each a Gaussian over (displacement, yaw step) and a probability of closing.

    Attributes:
        log_weights: ``[..., C]`` log probabilities of the components.
        means: ``[..., C, MOTION]`` displacement over DISPLACEMENT_SCALE, yaw step over YAW_SCALE.
        log_stds: ``[..., C, MOTION]``, of the means.
        close_logits: ``[..., C]`` log odds of closing.
    """

    log_weights: Tensor
    means: Tensor
    log_stds: Tensor
    close_logits: Tensor

    def log_prob(self, motion: Tensor, close: Tensor) -> Tensor:
        """Log density ``[...]`` of scaled motions ``[..., MOTION]`` together with closing ``[...]``, 0 or 1."""
        z = (motion[..., None, :] - self.means) * torch.exp(-self.log_stds)
        density = -0.5 * (z * z).sum(-1) - self.log_stds.sum(-1) - 0.5 * MOTION * math.log(2.0 * math.pi)
        fingers = close[..., None] * self.close_logits - functional.softplus(self.close_logits)
        return torch.logsumexp(self.log_weights + density + fingers, dim=-1)


class ManipulationNetwork(nn.Module):
    """Context embedding and robot state to a distribution over actions.

    It is given where everything is twice: from the hand, as in the paper, and from the block in the fingers. Whether to
    let go is a matter of a few millimetres between that block and what is below it. The fingers hold it as far below
    their centre as they like, so the same millimetres as a difference between two distances from the hand are hard to
    learn.
    """

    def __init__(self, block_heads: int, hidden: int, components: int) -> None:
        super().__init__()
        self.components = components
        motions = MOTION * components
        self._sizes = [components, motions, motions, components]  # of weights, means, standard deviations and fingers
        self.mlp = nn.Sequential(
            nn.Linear(2 * block_heads * GEOMETRY + ROBOT, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, sum(self._sizes)),
        )

    def forward(self, poses: Tensor, robot: Tensor) -> ActionDistribution:
        """Blended poses ``[..., heads, POSE]`` and robot state ``[..., ROBOT]`` to a distribution."""
        position, yaw = poses.split([POSITION, YAW], dim=-1)
        held = slice(HELD_HEAD, HELD_HEAD + 1)
        from_held = position - position[..., held, :], between_yaws(yaw[..., held, :], yaw)
        features = [position_features(position), yaw, position_features(from_held[0]), from_held[1]]
        out = self.mlp(torch.cat([torch.cat(features, dim=-1).flatten(-2), robot], dim=-1)).float()
        weights, means, spread, close = out.split(self._sizes, dim=-1)
        shape = self.components, MOTION
        low, high = math.log(MIN_STD), math.log(MAX_STD)
        log_stds = low + (high - low) * torch.sigmoid(spread.unflatten(-1, shape))
        return ActionDistribution(weights.log_softmax(-1), means.unflatten(-1, shape), log_stds, close)


def most_confident(actions: ActionDistribution, members: int, before: Tensor) -> tuple[FloatArray, BoolArray]:
    """Average the distributions of each ensemble and take the most confident action (section 5.2.2, figure 9).

    The confidence of an action is the probability near it: that which all components with the same answer for the
    fingers have within ``NEIGHBOURHOOD`` of a component's mean, through a Gaussian window. It is not the density, by
    which a narrow component of hardly any weight would win over a broad one that has nearly all. A component that
    stands for "up or down" is broad, and has little probability near its mean, which is no motion. The motion is the
    mean over that neighbourhood, so members that agree are averaged and others are left out.

    Where "up" and "down", or turns to the left and to the right, are about equally likely, the hand would tremble
    between them. So it turns round only for a motion ``REVERSAL`` times as confident as going on.

    Args:
        actions: leading ``[members * P, S]``, of N = P * S scenes.
        members: size of an ensemble.
        before: scaled motions ``[N, MOTION]`` of the actions before.

    Returns:
        Scaled motions ``[N, MOTION]``, and ``[N]`` whether to close.
    """
    log_weights, means, log_stds, closing = pooled(actions, members)
    weights, spread = log_weights.exp(), NEIGHBOURHOOD**2 + (2.0 * log_stds).exp()
    distance = ((means[:, :, None] - means[:, None]).square() / spread[:, None]).sum(-1)
    inside = (-0.5 * distance).exp() * (NEIGHBOURHOOD / spread.sqrt()).prod(-1)[:, None]
    answers = torch.stack([weights * torch.sigmoid(-closing), weights * torch.sigmoid(closing)], dim=1)
    nearby = answers[:, :, None] * inside[:, None]
    confidence = nearby.sum(-1) * _going_on(means, before)[:, None]
    best = confidence.flatten(1).argmax(-1)  # over both answers and all components
    chosen = nearby.flatten(1, 2)[torch.arange(len(means)), best]
    motion = (chosen[:, None] @ means)[:, 0] / chosen.sum(-1, keepdim=True)
    return motion.double().numpy(force=True), (best >= means.shape[1]).numpy(force=True)


def by_chance(
    actions: ActionDistribution, way: FloatArray, before: Tensor, rng: np.random.Generator
) -> tuple[FloatArray, bool]:
    """Draw a likely action, in one scene. For a hand that gets nowhere by the most confident one.

    "To one of the sides" is a broad component whose mean is to stay where one is, or one of two that lead to opposite
    sides. Whoever goes the same way for a while gets away.

    Args:
        actions: of the ensemble as one mixture, ``[members * C, ...]``.
        way: ``[MOTION]`` standard deviations from the mean of the component that is drawn.
        before: ``[MOTION]`` scaled motion of the action before. Components whose mean reverses it are left out while
            any other is likely.
        rng: source of chance.

    Returns:
        Scaled motion ``[MOTION]``, and whether to close.
    """
    log_weights, means, log_stds, closing = (one.double().numpy(force=True) for one in actions)
    weights = np.exp(log_weights - log_weights.max())
    weights *= weights >= LIKELY
    onwards = weights * (actions.means @ before > -(STILL**2)).numpy(force=True)
    weights = onwards if onwards.any() else weights
    chosen = rng.choice(len(weights), p=weights / weights.sum())
    motion: FloatArray = means[chosen] + np.exp(log_stds[chosen]) * way
    return motion, bool(closing[chosen] > 0)


def pooled(actions: ActionDistribution, members: int) -> ActionDistribution:
    """All components of each ensemble as one mixture: leading ``[members * P, S]`` to ``[N, members * C, ...]``."""
    return ActionDistribution(
        *(one.unflatten(0, (members, -1)).flatten(1, 2).transpose(0, 1).flatten(1, 2) for one in actions)
    )


def _going_on(means: Tensor, before: Tensor) -> Tensor:
    """For motions ``[N, C, MOTION]`` 1, down to 1 / ``REVERSAL`` for those opposite to ``before``, ``[N, MOTION]``."""
    along = (means * before[:, None]).sum(-1)
    length = means.norm(dim=-1) * before.norm(dim=-1)[:, None]
    backwards = (-along / (length + STILL**2)).clamp_min(0.0)
    return torch.exp(-math.log(REVERSAL) * backwards)
