"""A Fetch among cubes in contact physics, commanded through joint targets as a real Fetch is.

Nothing is welded: a cube is lifted by the friction of the finger pads and stands by its own weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.robots.fetch import CONTINUOUS, FINGER_SPEED, FINGER_TRAVEL, JOINT_LOWER, JOINT_UPPER
from osil.robots.joint_history import MAX_TURNS
from osil.tasks.table import Table
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BODY_POSTURE, NUM_ARM, BulletScene, Physics, Snapshot

PHYSICS_STEP = 1 / 240
"""Seconds of one physics step."""

STEPS_PER_CONTROL = round(CONTROL_PERIOD / PHYSICS_STEP)
"""Physics steps in a control period."""

_LOWER, _UPPER = np.where(CONTINUOUS, [[-MAX_TURNS], [MAX_TURNS]], [JOINT_LOWER - 1e-6, JOINT_UPPER + 1e-6])

_POSITION_GAIN, _VELOCITY_GAIN = 0.4, 1.0


@dataclass(frozen=True, eq=False)
class JointStates:
    """Measured joints in the order of JOINT_NAMES.

    Attributes:
        positions: ``[J]`` radians or metres.
        velocities: ``[J]`` radians or metres a second.
        efforts: ``[J]`` newton metres or newtons.
    """

    positions: FloatArray
    velocities: FloatArray
    efforts: FloatArray


class FetchSimulation:
    """Physics under joint commands. Call ``reset`` before anything else."""

    def __init__(self, num_blocks: int, physics: Physics | None = None, table: Table | None = None) -> None:
        self.bodies = BulletScene(num_blocks, physics, table)
        self.num_blocks, self.table = num_blocks, self.bodies.table
        self._client, self._robot = self.bodies.client, self.bodies.robot
        self._fingers = self.bodies.joints[-2:]
        self._driven = self.bodies.joints[:-2]
        self._configure(self.bodies.physics)
        self.time = 0.0
        """Simulated seconds since ``reset``."""

    def close(self) -> None:
        """End the physics. Nothing else may be called afterwards."""
        self.bodies.close()

    def _configure(self, physics: Physics) -> None:
        client, robot = self._client, self._robot
        pybullet.setGravity(0, 0, -9.81, physicsClientId=client)
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=PHYSICS_STEP,
            numSolverIterations=physics.solver_iterations,
            deterministicOverlappingPairs=1,
            physicsClientId=client,
        )
        for finger in self._fingers:
            # Anchors keep a held block from creeping between contact points that the solver never quite satisfies.
            pybullet.changeDynamics(
                robot,
                finger,
                lateralFriction=physics.finger_friction,
                spinningFriction=0.01,
                frictionAnchor=1,
                physicsClientId=client,
            )
        for block in self.bodies.blocks:
            # Sleeping blocks cost nothing until the gripper or another block touches them.
            pybullet.changeDynamics(
                block,
                -1,
                lateralFriction=physics.block_friction,
                spinningFriction=0.001,
                activationState=pybullet.ACTIVATION_STATE_ENABLE_SLEEPING,
                physicsClientId=client,
            )
        right, left = self._fingers
        origin = (0, 0, 0)
        gear = pybullet.createConstraint(
            robot, right, robot, left, pybullet.JOINT_GEAR, (0, 1, 0), origin, origin, physicsClientId=client
        )
        pybullet.changeConstraint(gear, gearRatio=-1, maxForce=1000, physicsClientId=client)

    def reset(self, arm: ArrayLike, opening: float, block_positions: FloatArray, block_quaternions: FloatArray) -> None:
        """Put everything in place, at rest, and start the time at 0.

        Args:
            arm: ``[7]`` joint positions, radians.
            opening: distance between the finger pads, metres.
            block_positions: ``[B, 3]`` centres, metres, base frame.
            block_quaternions: ``[B, 4]`` x y z w, base frame.

        Raises:
            SceneError: an array has another shape or is not finite.
        """
        arm = np.asarray(arm, dtype=float)
        joints = np.concatenate([arm, BODY_POSTURE, (0.5 * opening, 0.5 * opening)])
        self.bodies.show(Snapshot(joints, block_positions, block_quaternions))
        self.time = 0.0
        self._target = np.concatenate([arm, BODY_POSTURE])
        self._velocity = np.zeros_like(self._target)
        self._remaining = 0
        self.command_gripper(opening)

    def command_arm(self, targets: ArrayLike, duration: float = CONTROL_PERIOD) -> None:
        """Move the arm's joints evenly from their present targets to ``targets`` ``[7]`` (radians) in ``duration`` s.

        Raises:
            ObservationError: not 7 numbers within the joints' limits.
        """
        goal = np.asarray(targets, dtype=float)
        if goal.shape != (NUM_ARM,) or not ((goal >= _LOWER) & (goal <= _UPPER)).all():
            raise ObservationError(
                f"joint targets: expected 7 finite numbers within the joints' limits, got {goal}; the arm holds"
            )
        self._remaining = max(1, round(duration / PHYSICS_STEP))
        self._velocity[:NUM_ARM] = (goal - self._target[:NUM_ARM]) / (self._remaining * PHYSICS_STEP)

    def command_gripper(self, opening: float) -> None:
        """Move the finger pads to ``opening`` metres apart, at their rated speed and limited force."""
        finger = min(max(0.5 * opening, 0.0), FINGER_TRAVEL)
        for joint in self._fingers:
            pybullet.setJointMotorControl2(
                self._robot,
                joint,
                pybullet.POSITION_CONTROL,
                targetPosition=finger,
                positionGain=0.5,
                maxVelocity=FINGER_SPEED,
                force=self.bodies.physics.finger_force,
                physicsClientId=self._client,
            )

    def advance(self, steps: int = STEPS_PER_CONTROL) -> None:
        """Advance the physics by ``steps`` of PHYSICS_STEP."""
        gains = [_POSITION_GAIN] * len(self._driven), [_VELOCITY_GAIN] * len(self._driven)
        for _ in range(steps):
            # A motor reaches the given position plus a step at the given velocity: so it gets the present target.
            pybullet.setJointMotorControlArray(
                self._robot,
                self._driven,
                pybullet.POSITION_CONTROL,
                targetPositions=self._target,
                targetVelocities=self._velocity,
                forces=self.bodies.efforts[:-2],
                positionGains=gains[0],
                velocityGains=gains[1],
                physicsClientId=self._client,
            )
            self._target = self._target + self._velocity * PHYSICS_STEP
            self._remaining -= 1
            if self._remaining == 0:
                self._velocity = np.zeros_like(self._velocity)
            pybullet.stepSimulation(physicsClientId=self._client)
        self.time += steps * PHYSICS_STEP

    def joint_states(self) -> JointStates:
        """All joints as their encoders read them."""
        states = pybullet.getJointStates(self._robot, self.bodies.joints, physicsClientId=self._client)
        position, velocity, _, effort = zip(*states, strict=True)
        return JointStates(np.array(position), np.array(velocity), np.array(effort))
