"""Particle-reaching tasks (section 3.2.1): a point robot shall go to one of several landmarks, and stop there.

Which landmark is the task; nothing but a demonstration tells it. Landmark ``i`` of the demonstration is landmark ``i``
of the scene in which the task is repeated, wherever either lies: their order carries their identity, like the colours
and shapes in the paper's figure 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from osil.arrays import BoolArray, FloatArray, Numbers, Sample
from osil.errors import SceneError, TaskError

LANDMARK_RADIUS = 0.1
"""A robot whose centre is this close (metres) to a landmark is on it."""

STOPPED_SPEED = 0.2
"""A robot slower than this (metres per second) has stopped."""

FURTHEST = 100.0
"""Metres, metres per second and newtons beyond what is ever seen around the arena."""


@dataclass(frozen=True, eq=False)
class ParticleObservation(Sample):
    """The whole state of a scene, which the agent sees: "its own 2D location, as well as the 2D locations of each of
    the landmarks" (section 3.2.1), and its velocity, without which a robot driven by force cannot stop.

    Positions are absolute, in the frame of the arena (origin in its centre); a network may make them relative.

    Attributes:
        landmark_positions: ``[..., L, 2]`` metres, arena frame.
        robot_position: ``[..., 2]`` metres, arena frame.
        robot_velocity: ``[..., 2]`` metres per second, arena frame.

    Raises:
        ObservationError: a shape does not fit or a number is not finite.
    """

    landmark_positions: Annotated[FloatArray, Numbers(("L", 2), FURTHEST, "metres")]
    robot_position: Annotated[FloatArray, Numbers((2,), FURTHEST, "metres")]
    robot_velocity: Annotated[FloatArray, Numbers((2,), FURTHEST, "metres per second")]

    @property
    def num_landmarks(self) -> int:
        return int(self.landmark_positions.shape[-2])


@dataclass(frozen=True, eq=False)
class ParticleAction(Sample):
    """The force on the robot during the next control period.

    Attributes:
        force: ``[..., 2]`` newtons, arena frame.

    Raises:
        ObservationError: the shape does not fit or a number is not finite.
    """

    force: Annotated[FloatArray, Numbers((2,), FURTHEST, "newtons")]


@dataclass(frozen=True)
class ReachingTask:
    """Reach one landmark.

    Attributes:
        num_landmarks: landmarks in the scene.
        target: index of the one to reach.

    Raises:
        TaskError: there is no such landmark.
    """

    num_landmarks: int
    target: int

    def __post_init__(self) -> None:
        if not 0 <= self.target < self.num_landmarks:
            raise TaskError(f"landmark {self.target}: expected an index from 0 to {self.num_landmarks - 1}")


@dataclass(frozen=True)
class Arena:
    """A square without walls, and how time and force go in it. The paper states none of these numbers.

    Attributes:
        half_size: landmarks and starting positions are uniform in ``[-half_size, half_size]^2``, metres.
        spacing: least distance between two landmarks, metres: more than twice a landmark's radius.
        control_period: seconds between two actions. Coarse, so that a demonstration is short for an LSTM to read.
        demonstration_steps: control periods in a demonstration; the expert has arrived and stopped by then.
        episode_steps: control periods after which a policy is judged.
        max_force: the robot cannot push harder, newtons.
    """

    half_size: float = 1.0
    spacing: float = 0.25
    control_period: float = 0.2
    demonstration_steps: int = 12
    episode_steps: int = 20
    max_force: float = 5.0

    def random_scenes(self, count: int, num_landmarks: int, rng: np.random.Generator) -> ParticleObservation:
        """Draw ``count`` scenes with the robot at rest.

        Returns:
            Scenes with leading dimension ``[count]``.

        Raises:
            SceneError: so many landmarks do not fit.
        """
        landmarks = np.zeros((count, 0, 2))
        for _ in range(num_landmarks):
            drawn = rng.uniform(-self.half_size, self.half_size, (count, 2))
            for _ in range(1000):
                crowded = (((landmarks - drawn[:, None]) ** 2).sum(-1) < self.spacing**2).any(-1)
                if not crowded.any():
                    break
                drawn[crowded] = rng.uniform(-self.half_size, self.half_size, (crowded.sum(), 2))
            else:
                raise SceneError(f"{num_landmarks} landmarks do not fit {self.spacing} m apart; use fewer landmarks")
            landmarks = np.concatenate([landmarks, drawn[:, None]], axis=1)
        start = rng.uniform(-self.half_size, self.half_size, (count, 2))
        return ParticleObservation(landmarks, start, np.zeros((count, 2)))


def target_position(scene: ParticleObservation, targets: np.ndarray | int) -> FloatArray:
    """Where landmark ``targets`` (``[...]`` indices) of each scene lies: ``[..., 2]`` metres, arena frame."""
    index = np.broadcast_to(targets, scene.leading_shape)[..., None, None]
    result: FloatArray = np.take_along_axis(scene.landmark_positions, index, axis=-2)[..., 0, :]
    return result


def reached(scene: ParticleObservation, targets: np.ndarray | int) -> BoolArray:
    """True where the robot has stopped on landmark ``targets`` (``[...]`` indices) of its scene: ``[...]``."""
    offset = target_position(scene, targets) - scene.robot_position
    on_it = np.hypot(offset[..., 0], offset[..., 1]) < LANDMARK_RADIUS
    stopped = np.hypot(scene.robot_velocity[..., 0], scene.robot_velocity[..., 1]) < STOPPED_SPEED
    result: BoolArray = on_it & stopped
    return result
