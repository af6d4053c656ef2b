"""Block stacking by a Fetch in contact physics, one control period at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import Action, FloatArray, Observation, Scene
from osil.errors import SceneError
from osil.robots import fetch
from osil.robots.controller import FetchController
from osil.robots.fetch import GripperPose
from osil.robots.sensing import cube_yaws, observe
from osil.tasks.table import Table
from osil.worlds.arm_simulation import FetchSimulation
from osil.worlds.bullet_scene import NUM_ARM, Physics, Snapshot

OPENING = 0.066
"""Distance between the finger pads of the open gripper, metres."""


@dataclass(frozen=True)
class TrackerNoise:
    """How observed blocks differ from the true ones, for tests of robustness.

    Attributes:
        position: standard deviation of the positions, metres.
        yaw: standard deviation of the yaws, radians.
    """

    position: float = 0.0
    yaw: float = 0.0


class PyBulletWorld:
    """One live scene of ``num_blocks`` cubes, without leading dimensions.

    Args:
        num_blocks: cubes on the table.
        rng: draws where the gripper starts and the noise of the tracker. None: the gripper starts over the
            middle of the table.
        physics: what the simulated things are like.
        noise: of the tracker that observes the blocks.
        table: the work area.
    """

    def __init__(
        self,
        num_blocks: int,
        rng: np.random.Generator | None = None,
        physics: Physics | None = None,
        noise: TrackerNoise | None = None,
        table: Table | None = None,
    ) -> None:
        self.simulation = FetchSimulation(num_blocks, physics, table)
        self._rng, self._noise = rng, noise or TrackerNoise()
        self._controller = FetchController(self.simulation.table)

    def close(self) -> None:
        """End the physics."""
        self.simulation.close()

    def reset(self, scene: Scene) -> Observation:
        """Put the blocks where ``scene`` says and the open gripper over the table.

        Raises:
            SceneError: the scene has leading dimensions or another number of blocks.
        """
        wanted = self.simulation.num_blocks
        if scene.block_positions.shape != (wanted, 3) or scene.block_yaws.shape != (wanted,):
            raise SceneError(f"expected a scene of {wanted} blocks, got positions {list(scene.block_positions.shape)}")
        half = 0.5 * scene.block_yaws
        quaternions = np.stack([np.zeros(wanted), np.zeros(wanted), np.sin(half), np.cos(half)], axis=-1)
        arm = fetch.inverse(self._start())
        self.simulation.reset(arm, OPENING, scene.block_positions, quaternions)
        self._controller.reset(arm)
        return self.observe()

    def _start(self) -> GripperPose:
        top = self.simulation.table.height
        if self._rng is None:
            return GripperPose(np.array([0.60, 0.0, top + 0.25]), np.array(0.0))
        x, y, height = self._rng.uniform((0.52, -0.2, 0.18), (0.66, 0.2, 0.34))
        return GripperPose(np.array([x, y, top + height]), np.array(self._rng.uniform(-0.5, 0.5)))

    def step(self, action: Action) -> Observation:
        """Act for one control period."""
        joints = self.joint_positions()[:NUM_ARM]
        self.simulation.command_arm(self._controller.step(action.displacement, float(action.yaw_step), joints))
        self.simulation.command_gripper(0.0 if action.close_gripper else OPENING)
        self.simulation.advance()
        return self.observe()

    def observe(self) -> Observation:
        """What the policy sees now, blocks relative to the measured gripper."""
        joints = self.joint_positions()
        positions, quaternions = self.simulation.bodies.block_poses()
        yaws = cube_yaws(quaternions)
        if self._rng is not None and self._noise != TrackerNoise():
            positions = positions + self._rng.normal(0.0, self._noise.position, positions.shape)
            yaws = yaws + self._rng.normal(0.0, self._noise.yaw, yaws.shape)
        return observe(positions, yaws, fetch.forward(joints[:NUM_ARM]), joints[-2:].sum())

    def move_block(self, block: int, position: FloatArray) -> None:
        """Put a block at ``position`` ``[3]`` (metres, base frame) between two steps, at rest and turned as it was."""
        self.simulation.bodies.move_block(block, position)

    @property
    def scene(self) -> Scene:
        """Where the blocks really are."""
        positions, quaternions = self.simulation.bodies.block_poses()
        return Scene(positions, cube_yaws(quaternions))

    def joint_positions(self) -> FloatArray:
        """Measured joints ``[J]`` in the order of ``bullet_scene.JOINT_NAMES``, radians or metres."""
        return self.simulation.joint_states().positions

    def snapshot(self) -> Snapshot:
        """All that a picture of this instant needs."""
        return self.simulation.bodies.snapshot()
