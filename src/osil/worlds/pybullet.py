"""Block stacking by an arm in contact physics, one control period at a time."""

from __future__ import annotations

import numpy as np

from osil.core import Action, FloatArray, Observation, Scene
from osil.errors import SceneError
from osil.robots.controller import ArmController
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot
from osil.robots.sensing import cube_yaws
from osil.worlds.arm_simulation import ArmSimulation
from osil.worlds.bullet_scene import Physics
from osil.worlds.snapshot import Snapshot
from osil.worlds.tracker import Tracker, TrackerConfig


class PyBulletWorld:
    """One live scene of ``num_blocks`` cubes, without leading dimensions.

    Args:
        robot: that acts, at its table.
        num_blocks: cubes on the table.
        rng: draws where the gripper starts, and for the tracker. None: the gripper starts over the middle of the
            table.
        physics: what the simulated things are like.
        tracker: how the blocks are seen.

    Raises:
        ConfigError: the gripper does not open wide enough for the blocks.
    """

    def __init__(
        self,
        robot: Robot,
        num_blocks: int,
        rng: np.random.Generator | None = None,
        physics: Physics | None = None,
        tracker: TrackerConfig | None = None,
    ) -> None:
        physics = physics or Physics()
        self.robot, self.blocks = robot, physics.blocks
        self.blocks.check_opening(robot.gripper.opening)
        self.simulation = ArmSimulation(robot, num_blocks, physics)
        self._rng = rng
        self._tracker = Tracker(tracker or TrackerConfig(), self.blocks, rng or np.random.default_rng())
        self._controller = ArmController(robot)

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
        arm = self.robot.kinematics.inverse(self._start(), self.robot.home, self.robot.lift)
        self.simulation.reset(arm, self.robot.gripper.opening, scene.block_positions, quaternions)
        self._controller.reset(arm)
        self._tracker.reset(self.scene, *self.hand())
        return self.observe()

    def _start(self) -> GripperPose:
        top, start = self.robot.table.height, self.robot.start
        if self._rng is None:
            x, y, height = start.middle
            return GripperPose(np.array([x, y, top + height]), np.array(0.0))
        low, high = np.transpose([start.x, start.y, start.height])
        x, y, height = self._rng.uniform(low, high)
        return GripperPose(np.array([x, y, top + height]), np.array(self._rng.uniform(-start.yaw, start.yaw)))

    def step(self, action: Action) -> Observation:
        """Act for one control period."""
        self._act(action)
        self._tracker.look(self.scene, *self.hand())
        return self.observe()

    def _act(self, action: Action) -> None:
        joints = self.joint_positions()[: len(self.robot.arm_joints)]
        self.simulation.command_arm(self._controller.step(action.displacement, float(action.yaw_step), joints))
        self.simulation.command_gripper(0.0 if action.close_gripper else self.robot.gripper.opening)
        self.simulation.advance()

    def hand(self) -> tuple[GripperPose, float]:
        """Measured pose of the gripper, and the distance between the pads in metres."""
        joints = self.joint_positions()
        gripper = self.robot.kinematics.forward(joints[: len(self.robot.arm_joints)], self.robot.lift)
        return gripper, float(joints[-2:].sum())

    def observe(self) -> Observation:
        """What the policy sees now, blocks relative to the measured gripper."""
        return self._tracker.observation()

    def move_block(self, block: int, position: FloatArray) -> None:
        """Put a block at ``position`` ``[3]`` (metres, base frame) between two steps, at rest and turned as it was."""
        self.simulation.bodies.move_block(block, position)

    @property
    def scene(self) -> Scene:
        """Where the blocks really are."""
        positions, quaternions = self.simulation.bodies.block_poses()
        return Scene(positions, cube_yaws(quaternions))

    def joint_positions(self) -> FloatArray:
        """Measured joints ``[A]`` in the order of ``Robot.all_joints``, radians or metres."""
        return self.simulation.joint_states().positions

    def snapshot(self) -> Snapshot:
        """All that a picture of this instant needs."""
        return self.simulation.bodies.snapshot()
