"""What an arm is told: how its joints move from now on, until they rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray


def cubic_accelerations(way: FloatArray, leaving: FloatArray, arriving: FloatArray, span: FloatArray) -> FloatArray:
    """Accelerations at both ends of N cubics.

    Args:
        way: ``[N, J]`` radians from the beginning of each to its end.
        leaving, arriving: velocities there, ``[N, J]``, or ``[J]`` the same of all.
        span: ``[N, 1]`` seconds that each takes.

    Returns:
        ``[N, 2, J]`` radians a second squared.
    """
    mean = way / span
    ends = 6 * mean - 4 * leaving - 2 * arriving, 2 * leaving + 4 * arriving - 6 * mean
    return np.stack(ends, axis=1) / span[:, None]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """K points of J joints, cubic between them, as ros2_control and the Fetch follow it. It ends at rest.

    So a stream of trajectories is its own dead-man: if the next one does not come, the arm comes to rest by itself.

    Attributes:
        times: ``[K]`` seconds from the start, ascending from 0.
        positions: ``[K, J]`` radians.
        velocities: ``[K, J]`` radians a second; the last are 0.
    """

    times: FloatArray
    positions: FloatArray
    velocities: FloatArray

    @classmethod
    def to_rest(
        cls, position: FloatArray, velocity: FloatArray, seconds: float, wanted: FloatArray, acceleration: FloatArray
    ) -> Trajectory:
        """From a moving arm towards a wanted velocity, then to rest on the straight line.

        The acceleration fades evenly until the velocity is reached and jumps to that of braking, which is constant.
        It keeps to its limits if no velocity changes by more than ``acceleration * seconds / 2``.

        Args:
            position, velocity: ``[J]`` of now, radians and radians a second.
            seconds: until the wanted velocity.
            wanted: ``[J]`` velocity there.
            acceleration: ``[J]`` limits, radians a second squared.
        """
        reached = position + seconds * (velocity + 2 * wanted) / 3
        return cls.by_way_of(position, velocity, seconds, reached, wanted, acceleration)

    @classmethod
    def by_way_of(
        cls,
        position: FloatArray,
        velocity: FloatArray,
        seconds: float,
        reached: FloatArray,
        wanted: FloatArray,
        acceleration: FloatArray,
    ) -> Trajectory:
        """From a moving arm to another state, then to rest on the straight line, with constant braking.

        Args:
            position, velocity: ``[J]`` of now, radians and radians a second.
            seconds: until the other state.
            reached, wanted: ``[J]`` position and velocity there.
            acceleration: ``[J]`` limits of braking, radians a second squared.
        """
        braking = float((np.abs(wanted) / acceleration).max())
        if braking < 1e-6:
            return cls(np.array([0.0, seconds]), np.stack([position, reached]), np.stack([velocity, 0.0 * wanted]))
        return cls(
            np.array([0.0, seconds, seconds + braking]),
            np.stack([position, reached, reached + 0.5 * braking * wanted]),
            np.stack([velocity, wanted, 0.0 * wanted]),
        )

    def begun_at(self, position: FloatArray, velocity: FloatArray) -> Trajectory:
        """The same, entered by an arm that was told to be elsewhere: ``[J]`` radians, radians a second."""
        positions, velocities = self.positions.copy(), self.velocities.copy()
        positions[0], velocities[0] = position, velocity
        return Trajectory(self.times, positions, velocities)

    def slowed(self, factor: float) -> Trajectory:
        """The same way, ``factor`` times as slowly."""
        return Trajectory(factor * self.times, self.positions, self.velocities / factor)

    @property
    def duration(self) -> float:
        """Seconds until the arm rests."""
        return float(self.times[-1])

    @property
    def accelerations(self) -> FloatArray:
        """``[K - 1, 2, J]`` (radians a second squared) at both ends of each cubic, between which they change evenly."""
        way, span = np.diff(self.positions, axis=0), np.diff(self.times)[:, None]
        return cubic_accelerations(way, self.velocities[:-1], self.velocities[1:], span)

    def at(self, seconds: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """Positions and velocities ``[..., J]`` so long after the start; the last ones from the end on."""
        seconds = np.clip(np.asarray(seconds, dtype=float), 0.0, self.times[-1])
        if len(self.times) == 1:  # there is no way to go
            rest = np.zeros((*np.shape(seconds), self.positions.shape[-1]))
            return self.positions[0] + rest, rest
        after = np.clip(np.searchsorted(self.times, seconds, side="right"), 1, len(self.times) - 1)
        before = after - 1
        span = (self.times[after] - self.times[before])[..., None]
        share = (seconds - self.times[before])[..., None] / span
        start, end = self.positions[before], self.positions[after]
        leaving, arriving = span * self.velocities[before], span * self.velocities[after]
        bend = 2 * (start - end) + leaving + arriving
        curve = 3 * (end - start) - 2 * leaving - arriving
        position = start + share * (leaving + share * (curve + share * bend))
        return position, (leaving + share * (2 * curve + share * 3 * bend)) / span
