"""The manipulation network's answer: a distribution over actions, and which action an ensemble of them chooses."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from osil.core import BoolArray, FloatArray

DISPLACEMENT_SCALE = 0.025
"""Metres that count as 1 in the network's output."""

YAW_SCALE = 0.08
"""Radians that count as 1 in the network's output."""

NEIGHBOURHOOD = 0.2
"""Motions closer than this in units of the network (5 mm, 0.016 rad) count as the same motion."""

REVERSAL = 4.0
"""A reversal must be this many times as confident as continuing."""

STILL = 0.2
"""Motions shorter than this in units of the network (5 mm) have hardly a direction."""


class ActionDistribution(NamedTuple):
    """A mixture of ``C`` components, each a Gaussian over (displacement, yaw step) and a probability of closing.

    Attributes:
        log_weights: ``[..., C]`` log probabilities of the components.
        means: ``[..., C, 4]`` displacement over DISPLACEMENT_SCALE, yaw step over YAW_SCALE.
        log_stds: ``[..., C, 4]``.
        close_logits: ``[..., C]`` log odds of closing.
    """

    log_weights: Tensor
    means: Tensor
    log_stds: Tensor
    close_logits: Tensor

    def log_prob(self, motion: Tensor, close: Tensor) -> Tensor:
        """Log density ``[...]`` of scaled motions ``[..., 4]`` together with closing ``[...]``, 0 or 1."""
        z = (motion[..., None, :] - self.means) * torch.exp(-self.log_stds)
        density = -0.5 * (z * z).sum(-1) - self.log_stds.sum(-1) - 2.0 * math.log(2.0 * math.pi)
        fingers = close[..., None] * self.close_logits - functional.softplus(self.close_logits)
        return torch.logsumexp(self.log_weights + density + fingers, dim=-1)


def most_confident(actions: ActionDistribution, members: int, before: Tensor) -> tuple[FloatArray, BoolArray]:
    """Average the distributions of each ensemble and take the most confident action (section 5.2.2, figure 9).

    Confidence is probability mass, not density: the mass that all components with the same answer for the fingers have
    within ``NEIGHBOURHOOD`` of a component's mean, through a Gaussian window. (By density, a narrow component of next
    to no weight would beat a broad one of nearly all.) A component that is broad, because it stands for "up or down",
    has little of it near its mean, which is no motion at all. The motion is the mean over that neighbourhood, so
    members that agree are averaged and others are left out.

    Where "up" and "down" are nearly as likely, the hand would tremble between them: it turns round only for a motion
    ``REVERSAL`` times as confident as to go on.

    Args:
        actions: leading ``[members * N, 1]``.
        members: size of an ensemble.
        before: scaled displacements ``[N, 3]`` of the actions before.

    Returns:
        Scaled motions ``[N, 4]``, and ``[N]`` whether to close.
    """

    def pooled(x: Tensor) -> Tensor:
        """All components of an ensemble as one mixture: ``[N, members * C, ...]``."""
        components: Tensor = x[:, 0].unflatten(0, (members, -1)).transpose(0, 1)
        return components.flatten(1, 2)

    means, weights, closing = pooled(actions.means), pooled(actions.log_weights).exp(), pooled(actions.close_logits)
    spread = NEIGHBOURHOOD**2 + (2.0 * pooled(actions.log_stds)).exp()
    distance = ((means[:, :, None] - means[:, None]).square() / spread[:, None]).sum(-1)
    inside = (-0.5 * distance).exp() * (NEIGHBOURHOOD / spread.sqrt()).prod(-1)[:, None]
    answers = torch.stack([weights * torch.sigmoid(-closing), weights * torch.sigmoid(closing)], dim=1)
    nearby = answers[:, :, None] * inside[:, None]
    confidence = nearby.sum(-1) * _going_on(means[..., :3], before)[:, None]
    best = confidence.flatten(1).argmax(-1)  # over both answers and all components
    chosen = nearby.flatten(1, 2)[torch.arange(len(means)), best]
    motion = (chosen[:, None] @ means)[:, 0] / chosen.sum(-1, keepdim=True)
    return motion.double().numpy(force=True), (best >= means.shape[1]).numpy(force=True)


def _going_on(means: Tensor, before: Tensor) -> Tensor:
    """For displacements ``[N, C, 3]`` 1, down to 1 / ``REVERSAL`` for those opposite to the one before, ``[N, 3]``."""
    along = (means * before[:, None]).sum(-1)
    length = means.norm(dim=-1) * before.norm(dim=-1)[:, None]
    backwards = (-along / (length + STILL**2)).clamp_min(0.0)
    return torch.exp(-math.log(REVERSAL) * backwards)
