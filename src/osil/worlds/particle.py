"""The arena of section 3.2.1: point robots of mass one that are pushed by a two-dimensional force."""

from __future__ import annotations

import numpy as np

from osil.geometry import clip_norm
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation


class ParticleWorld:
    """One point robot, or ``N`` side by side when the scene has a leading dimension.

    The agent sees the whole state, so a scene is an observation.
    """

    def __init__(self, arena: Arena | None = None, noise: float = 0.0, rng: np.random.Generator | None = None) -> None:
        """
        Args:
            arena: sizes and limits.
            noise: perturbs actions before they act (section 5.1): the standard deviation of each component of the
                force is ``noise * (1 N + |force|)``.
            rng: source of the noise, needed where ``noise`` is not 0.
        """
        if noise and rng is None:
            raise ValueError("a world with noise needs a random generator; pass rng")
        self._arena = arena or Arena()
        self._noise = noise
        self._rng = rng

    def reset(self, scene: ParticleObservation) -> ParticleObservation:
        """Set the scene up and return the first observation."""
        self._state = scene
        return scene

    def step(self, action: ParticleAction) -> ParticleObservation:
        """Push for one control period (semi-implicit Euler) and return the next observation."""
        force = clip_norm(action.force, self._arena.max_force)
        if self._rng is not None and self._noise:
            size = np.sqrt((force**2).sum(-1, keepdims=True))
            force = force + self._noise * (1.0 + size) * self._rng.normal(size=force.shape)
        period = self._arena.control_period
        velocity = self._state.robot_velocity + period * force
        position = self._state.robot_position + period * velocity
        self._state = ParticleObservation(self._state.landmark_positions, position, velocity)
        return self._state

    @property
    def scene(self) -> ParticleObservation:
        """The present state."""
        return self._state
