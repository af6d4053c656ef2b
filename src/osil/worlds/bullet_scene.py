"""The bodies of the scene in PyBullet: a robot, a table and coloured cubes. Physics and renderer build on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import FloatArray
from osil.errors import SceneError
from osil.robots.robot import Robot
from osil.tasks.blocks import BLOCK_COLOURS, NOMINAL, Blocks
from osil.worlds.bullet import pybullet
from osil.worlds.furniture import furniture
from osil.worlds.snapshot import Snapshot


@dataclass(frozen=True)
class Physics:
    """What the simulated things are like.

    Attributes:
        block_mass: kilograms.
        blocks: how large they are.
        block_friction: lateral friction of a block; Bullet multiplies those of the two bodies in contact.
        finger_friction: the same of the finger pads.
        solver_iterations: of the contact solver in one physics step; with 50 a grasp is no longer sure.
    """

    block_mass: float = 0.05
    blocks: Blocks = NOMINAL
    block_friction: float = 0.7
    finger_friction: float = 1.0
    solver_iterations: int = 100


class BulletScene:
    """A PyBullet client of its own with all bodies loaded, the blocks on the floor behind the table.

    With ``gui`` it has a window, each call waits for the drawing, and without a display PyBullet ends the process:
    ``window.Window`` keeps this away from others.

    Raises:
        SceneError: PyBullet cannot open its window.
        ResourceError: the robot description is not installed.
    """

    def __init__(self, robot: Robot, num_blocks: int, physics: Physics | None = None, gui: bool = False) -> None:
        self.robot, self.num_blocks = robot, num_blocks
        self.physics = physics or Physics()
        self.client: int = pybullet.connect(pybullet.GUI if gui else pybullet.DIRECT)
        if self.client < 0:
            raise SceneError("PyBullet could not open its window; run without GUI where there is no display")
        if gui:
            pybullet.configureDebugVisualizer(pybullet.COV_ENABLE_GUI, 0, physicsClientId=self.client)
            x, y, _ = furniture(robot)[0].position
            middle = (x, y, robot.table.height + 0.05)
            pybullet.resetDebugVisualizerCamera(0.95, 75, -35, middle, physicsClientId=self.client)
        self._box((14.0, 14.0, 0.1), (-4.5, -3.0, -0.05), (0.86, 0.88, 0.91))
        for box in furniture(robot):
            self._box(box.size, box.position, box.colour)
        self.arm: int = pybullet.loadURDF(
            str(robot.urdf), (0.0, 0.0, robot.base_height), useFixedBase=True, physicsClientId=self.client
        )
        joints = range(pybullet.getNumJoints(self.arm, physicsClientId=self.client))
        infos = [pybullet.getJointInfo(self.arm, joint, physicsClientId=self.client) for joint in joints]
        by_name = {info[1].decode(): info for info in infos}
        self.joints = [int(by_name[name][0]) for name in robot.all_joints]
        self.efforts = [float(by_name[name][10]) for name in robot.all_joints]
        size = (self.physics.blocks.size,) * 3
        self.blocks = [
            self._box(size, (1.5, 0.1 * block, 0.5), colour, self.physics.block_mass)
            for block, colour in zip(range(num_blocks), BLOCK_COLOURS * num_blocks, strict=False)
        ]

    def close(self) -> None:
        """Disconnect from PyBullet. Nothing else may be called afterwards."""
        if self.client >= 0:
            pybullet.disconnect(self.client)
            self.client = -1

    def show(self, snapshot: Snapshot) -> None:
        """Put robot and blocks where ``snapshot`` says, at rest.

        Raises:
            SceneError: another number of joints or blocks, or a number that is not finite.
        """
        shapes = (len(self.joints),), (self.num_blocks, 3), (self.num_blocks, 4)
        arrays = snapshot.joint_positions, snapshot.block_positions, snapshot.block_quaternions
        for name, shape, array in zip(("joints", "block positions", "orientations"), shapes, arrays, strict=True):
            if array.shape != shape or not np.isfinite(array).all():
                raise SceneError(f"{name}: expected finite numbers of shape {list(shape)}, got {list(array.shape)}")
        for joint, position in zip(self.joints, snapshot.joint_positions, strict=True):
            pybullet.resetJointState(self.arm, joint, position, 0.0, physicsClientId=self.client)
        poses = zip(self.blocks, snapshot.block_positions, snapshot.block_quaternions, strict=True)
        for body, position, quaternion in poses:
            # A block that sleeps would stay where it is put, even in the air.
            pybullet.changeDynamics(
                body, -1, activationState=pybullet.ACTIVATION_STATE_WAKE_UP, physicsClientId=self.client
            )
            pybullet.resetBasePositionAndOrientation(body, position, quaternion, physicsClientId=self.client)
            pybullet.resetBaseVelocity(body, (0, 0, 0), (0, 0, 0), physicsClientId=self.client)

    def move_block(self, block: int, position: FloatArray) -> None:
        """Put a block at ``position`` ``[3]`` (metres, base frame), at rest and turned as it was."""
        body, client = self.blocks[block], self.client
        _, quaternion = pybullet.getBasePositionAndOrientation(body, physicsClientId=client)
        pybullet.resetBasePositionAndOrientation(body, position, quaternion, physicsClientId=client)
        pybullet.resetBaseVelocity(body, (0, 0, 0), (0, 0, 0), physicsClientId=client)

    def push_block(self, block: int, velocity: FloatArray) -> None:
        """Set a block going at ``velocity`` ``[3]`` (m/s, base frame)."""
        body, client = self.blocks[block], self.client
        pybullet.changeDynamics(body, -1, activationState=pybullet.ACTIVATION_STATE_WAKE_UP, physicsClientId=client)
        pybullet.stepSimulation(physicsClientId=client)  # by whose end it is awake: one that sleeps gets no speed
        pybullet.resetBaseVelocity(body, velocity, (0, 0, 0), physicsClientId=client)

    def snapshot(self) -> Snapshot:
        """Where everything is now."""
        states = pybullet.getJointStates(self.arm, self.joints, physicsClientId=self.client)
        positions, quaternions = self.block_poses()
        return Snapshot(np.array([state[0] for state in states]), positions, quaternions)

    def block_poses(self) -> tuple[FloatArray, FloatArray]:
        """Positions ``[B, 3]`` (metres) and orientations ``[B, 4]`` (x y z w) of the blocks in the base frame."""
        poses = [pybullet.getBasePositionAndOrientation(body, physicsClientId=self.client) for body in self.blocks]
        positions, quaternions = [pose[0] for pose in poses], [pose[1] for pose in poses]
        return np.array(positions).reshape(-1, 3), np.array(quaternions).reshape(-1, 4)

    def _box(self, size: Sequence[float], position: Sequence[float], colour: Sequence[float], mass: float = 0.0) -> int:
        half, rgba, client = [0.5 * edge for edge in size], (*colour, 1.0), self.client
        shape = pybullet.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half, physicsClientId=client)
        visual = pybullet.createVisualShape(pybullet.GEOM_BOX, halfExtents=half, rgbaColor=rgba, physicsClientId=client)
        return int(pybullet.createMultiBody(mass, shape, visual, position, physicsClientId=client))
