"""A tracker that sees blocks as trackers do: now and then, late, not quite where they are, and not all of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from osil.core import CONTROL_PERIOD, BoolArray, Observation, Scene
from osil.errors import ConfigError
from osil.robots.kinematics import GripperPose
from osil.robots.sensing import carried_forward, observe
from osil.tasks.blocks import Blocks

YAW_NOISE_PER_METRE = 10.0
"""Radians of noise in the yaws for each metre of noise in the positions."""

HIDDEN_EVERY = 4.0
"""Mean time between two moments at which the same block goes out of sight, seconds."""


@dataclass(frozen=True)
class TrackerConfig:
    """How what is seen of blocks differs from where they are.

    Attributes:
        noise: standard deviation of the positions, metres, drawn anew in each frame.
        rate: frames a second.
        delay: a frame arrives between half of this and this later, in seconds.
        unseen: now and then a block is out of sight, for up to so many seconds.

    Raises:
        ConfigError: a number out of range.
    """

    noise: float = 0.0
    rate: float = 1.0 / CONTROL_PERIOD
    delay: float = 0.0
    unseen: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.noise <= 0.05 and 1.0 <= self.rate <= 1000.0):
            raise ConfigError(f"{self}: expected noise of 0 to 0.05 m and a rate of 1 to 1000 frames a second")
        if not (0.0 <= self.delay <= 1.0 and 0.0 <= self.unseen <= 10.0):
            raise ConfigError(f"{self}: expected a delay of 0 to 1 s, and blocks unseen for 0 to 10 s")


class Tracker:
    """Looks at B blocks once in each control period, and tells what is believed of them.

    A block that is not seen stays where it was seen last, or goes with the fingers that hold it. The same is made of
    late frames, as on a robot (``osil.robots.sensing``).

    Args:
        config: how it sees.
        blocks: how large they are.
        rng: what it draws from.
    """

    def __init__(self, config: TrackerConfig, blocks: Blocks, rng: np.random.Generator) -> None:
        self._config, self._blocks, self._rng = config, blocks, rng
        self._longest = int(np.ceil(config.delay / CONTROL_PERIOD))

    def reset(self, scene: Scene, gripper: GripperPose, opening: float) -> None:
        """All is seen as it is, but for the noise."""
        self._steps = 0
        self._frames: deque[tuple[int, int, Scene, BoolArray]] = deque()  # taken, arrives, blocks, which were in sight
        self._hands = deque([(gripper, opening)], maxlen=self._longest + 2)
        self._hidden_until = np.zeros(len(scene.block_yaws))
        self._believed = self._noisy(scene)

    def look(self, scene: Scene, gripper: GripperPose, opening: float) -> None:
        """A control period later the blocks are there, and the gripper here."""
        self._steps += 1
        self._hands.append((gripper, opening))
        self._believed = self._now(self._believed, self._steps - 1)
        if self._frames_by(self._steps) > self._frames_by(self._steps - 1):
            late = self._rng.uniform(0.5, 1.0) * self._config.delay / CONTROL_PERIOD
            self._frames.append((self._steps, self._steps + round(late), self._noisy(scene), self._in_sight()))
        while self._frames and self._frames[0][1] <= self._steps:
            taken, _, seen, in_sight = self._frames.popleft()
            self._believed = Scene.where(in_sight, self._now(seen, taken), self._believed)

    def observation(self) -> Observation:
        """What is believed of the blocks, seen from the gripper."""
        gripper, opening = self._hands[-1]
        return observe(self._believed.block_positions, self._believed.block_yaws, gripper, opening)

    def _frames_by(self, steps: int) -> int:
        """How many frames there have been after so many control periods."""
        return int(steps * CONTROL_PERIOD * self._config.rate + 1e-6)

    def _noisy(self, scene: Scene) -> Scene:
        noise = self._config.noise
        if not noise:
            return scene
        positions = scene.block_positions + self._rng.normal(0.0, noise, scene.block_positions.shape)
        yaws = scene.block_yaws + self._rng.normal(0.0, YAW_NOISE_PER_METRE * noise, scene.block_yaws.shape)
        return Scene(positions, yaws)

    def _in_sight(self) -> BoolArray:
        """``[B]``, which changes with the frames."""
        time = self._steps * CONTROL_PERIOD
        if self._config.unseen:
            goes = self._rng.random(len(self._hidden_until)) < 1.0 / (HIDDEN_EVERY * self._config.rate)
            until = time + self._rng.uniform(0.0, self._config.unseen, len(goes))
            self._hidden_until = np.where(goes & (time >= self._hidden_until), until, self._hidden_until)
        in_sight: BoolArray = time >= self._hidden_until
        return in_sight

    def _now(self, scene: Scene, taken: int) -> Scene:
        """Blocks as they were in an earlier control period, moved on to now."""
        grippers, openings = zip(*list(self._hands)[taken - self._steps - 1 :], strict=True)
        return carried_forward(scene, GripperPose.stack(grippers), np.array(openings), self._blocks)
