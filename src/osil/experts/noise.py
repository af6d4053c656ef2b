"""Noise injection into demonstrations (section 5.2, footnote 3): the executed action is disturbed, its label is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import Action, Actor, Observation


@dataclass(frozen=True)
class NoiseConfig:
    """How actions are disturbed.

    The paper draws one of the scales {0, 0.001, 0.01} of its action units for each trajectory; here they are metres.
    Bursts go further: now and then the gripper is dragged away for a few steps, or its fingers do the opposite of what
    they should, so that dropped, shoved and wrong blocks occur together with the expert's answer to them.

    Attributes:
        scales: standard deviations of the displacement in metres; one is drawn for each trajectory.
        relative: further standard deviation as a share of the displacement, in the noisy trajectories.
        yaw_per_metre: radians of yaw noise for each metre of displacement noise.
        burst_rate: probability that a burst begins in a step, in the noisy trajectories.
        burst_steps: longest burst.
        burst_size: standard deviation of its drag, metres a step.
        fumble: share of the bursts in which the fingers do the opposite.
    """

    scales: tuple[float, ...] = (0.0, 0.001, 0.003)
    relative: float = 0.15
    yaw_per_metre: float = 10.0
    burst_rate: float = 0.006
    burst_steps: int = 12
    burst_size: float = 0.012
    fumble: float = 0.4


class NoisyActor:
    """Does what ``actor`` would do in ``N`` worlds (leading ``[N]``), disturbed."""

    def __init__(
        self, actor: Actor[Observation, Action], config: NoiseConfig, count: int, rng: np.random.Generator
    ) -> None:
        self._actor, self._config, self._rng = actor, config, rng
        self._scale = rng.choice(config.scales, size=(count, 1))
        self._left = np.zeros(count, dtype=int)
        self._drag = np.zeros((count, 3))
        self._fumbling = np.zeros(count, dtype=bool)

    def act(self, observation: Observation) -> Action:
        """The other actor's action with noise on it."""
        action = self._actor.act(observation)
        c, rng, count = self._config, self._rng, len(self._left)
        noisy = self._scale[:, 0] > 0
        starts = noisy & (self._left == 0) & (rng.random(count) < c.burst_rate)
        self._left = np.where(starts, rng.integers(2, c.burst_steps + 1, count), np.maximum(self._left - 1, 0))
        self._drag[starts] = rng.normal(0.0, c.burst_size, (int(starts.sum()), 3))
        self._fumbling[starts] = rng.random(int(starts.sum())) < c.fumble
        bursting = self._left > 0
        spread = self._scale + c.relative * np.abs(action.displacement) * noisy[:, None]
        displacement = action.displacement + spread * rng.normal(size=(count, 3))
        displacement = displacement + np.where((bursting & ~self._fumbling)[:, None], self._drag, 0.0)
        yaw = action.yaw_step + c.yaw_per_metre * self._scale[:, 0] * rng.normal(size=count)
        return Action(displacement, action.close_gripper ^ (bursting & self._fumbling), yaw)
