"""A scripted expert for particle reaching (section 5.1): it drives to its landmark and stops there."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray
from osil.geometry import clip_norm
from osil.tasks.particle_reaching import Arena, ParticleAction, ParticleObservation, target_position


def reaching_force(offset: FloatArray, velocity: FloatArray, arena: Arena, decay: float = 0.4) -> FloatArray:
    """Proportional-derivative law that brings the robot to rest at the target without overshoot.

    Both poles of the sampled loop lie at ``decay``, so the remaining distance ends up shrinking by that factor in
    each control period.

    Args:
        offset: ``[..., 2]`` target minus robot, metres.
        velocity: ``[..., 2]`` of the robot, metres per second.
        arena: its control period and greatest force.

    Returns:
        ``[..., 2]`` force, newtons.
    """
    period = arena.control_period
    stiffness, damping = ((1.0 - decay) / period) ** 2, (1.0 - decay**2) / period
    return clip_norm(stiffness * offset - damping * velocity, arena.max_force)


class ReachingExpert:
    """Chooses forces that bring each robot to its landmark. Memoryless: it labels any state."""

    def __init__(self, targets: np.ndarray | int, arena: Arena | None = None) -> None:
        """
        Args:
            targets: index of the landmark to reach, or ``[N]`` of them, one a world.
            arena: where the robots move.
        """
        self._targets = targets
        self._arena = arena or Arena()

    def act(self, observation: ParticleObservation) -> ParticleAction:
        """The expert's action, with the leading dimensions of ``observation``."""
        offset = target_position(observation, self._targets) - observation.robot_position
        return ParticleAction(reaching_force(offset, observation.robot_velocity, self._arena))
