"""An arm among cubes in contact physics, commanded through joint targets as a real one is.

Nothing is welded: a cube is lifted by the friction of the finger pads and stands by its own weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from osil.core import CONTROL_PERIOD, FloatArray
from osil.errors import ObservationError
from osil.robots.joint_history import MAX_TURNS
from osil.robots.robot import Robot
from osil.worlds.bullet import pybullet
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot

PHYSICS_STEP = 1 / 240
"""Seconds of one physics step."""

STEPS_PER_CONTROL = round(CONTROL_PERIOD / PHYSICS_STEP)
"""Physics steps in a control period."""

_POSITION_GAIN, _VELOCITY_GAIN = 0.4, 1.0

_COUPLING = 0.8
"""Share of what the fingers have been pushed to one side that a physics step takes back: one screw drives both. With
none of it fingers that were pushed once stay there, and hold every later block off their middle."""


@dataclass(frozen=True, eq=False)
class JointStates:
    """Measured joints in the order of ``Robot.all_joints``.

    Attributes:
        positions: ``[A]`` radians or metres.
        velocities: ``[A]`` radians or metres a second.
        efforts: ``[A]`` newton metres or newtons.
    """

    positions: FloatArray
    velocities: FloatArray
    efforts: FloatArray


class ArmSimulation:
    """Physics under joint commands. Call ``reset`` before anything else."""

    def __init__(self, robot: Robot, num_blocks: int, physics: Physics | None = None) -> None:
        self.robot, self.bodies, self.num_blocks = robot, BulletScene(robot, num_blocks, physics), num_blocks
        self._client, self._arm, self._count = self.bodies.client, self.bodies.arm, len(robot.arm_joints)
        self._posture = tuple(robot.posture.values())
        self._lower = np.maximum(robot.lower - 1e-6, -MAX_TURNS)
        self._upper = np.minimum(robot.upper + 1e-6, MAX_TURNS)
        self._fingers = self.bodies.joints[-2:]
        self._driven = self.bodies.joints[:-2]
        self._configure(self.bodies.physics)
        self.time = 0.0
        """Simulated seconds since ``reset``."""

    def close(self) -> None:
        """End the physics. Nothing else may be called afterwards."""
        self.bodies.close()

    def _configure(self, physics: Physics) -> None:
        client, robot = self._client, self._arm
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
        pybullet.changeConstraint(gear, gearRatio=-1, maxForce=1000, erp=_COUPLING, physicsClientId=client)

    def reset(self, arm: ArrayLike, opening: float, block_positions: FloatArray, block_quaternions: FloatArray) -> None:
        """Put everything in place, at rest, and start the time at 0.

        Args:
            arm: ``[J]`` joint positions, radians.
            opening: distance between the finger pads, metres.
            block_positions: ``[B, 3]`` centres, metres, base frame.
            block_quaternions: ``[B, 4]`` x y z w, base frame.

        Raises:
            SceneError: an array has another shape or is not finite.
        """
        arm = np.asarray(arm, dtype=float)
        joints = np.concatenate([arm, self._posture, (0.5 * opening, 0.5 * opening)])
        self.bodies.show(Snapshot(joints, block_positions, block_quaternions))
        self.time = 0.0
        self._target = np.concatenate([arm, self._posture])
        self._velocity = np.zeros_like(self._target)
        self._remaining = 0
        self.command_gripper(opening)

    def command_arm(self, targets: ArrayLike, duration: float = CONTROL_PERIOD) -> None:
        """Move the arm's joints evenly from their present targets to ``targets`` ``[J]`` (radians) in ``duration`` s.

        Raises:
            ObservationError: not J numbers within the joints' limits.
        """
        goal = np.asarray(targets, dtype=float)
        if goal.shape != (self._count,) or not ((goal >= self._lower) & (goal <= self._upper)).all():
            raise ObservationError(
                f"joint targets: expected {self._count} finite numbers within the joints' limits, got {goal}; "
                "the arm holds"
            )
        self._remaining = max(1, round(duration / PHYSICS_STEP))
        self._velocity[: self._count] = (goal - self._target[: self._count]) / (self._remaining * PHYSICS_STEP)

    def command_gripper(self, opening: float) -> None:
        """Move the finger pads to ``opening`` metres apart, at their rated speed and limited force."""
        gripper = self.robot.gripper
        finger = min(max(0.5 * opening, 0.0), gripper.travel)
        for joint in self._fingers:
            pybullet.setJointMotorControl2(
                self._arm,
                joint,
                pybullet.POSITION_CONTROL,
                targetPosition=finger,
                positionGain=0.5,
                maxVelocity=gripper.speed,
                force=gripper.force,
                physicsClientId=self._client,
            )

    def advance(self, steps: int = STEPS_PER_CONTROL) -> None:
        """Advance the physics by ``steps`` of PHYSICS_STEP."""
        gains = [_POSITION_GAIN] * len(self._driven), [_VELOCITY_GAIN] * len(self._driven)
        for _ in range(steps):
            # A motor reaches the given position plus a step at the given velocity: so it gets the present target.
            pybullet.setJointMotorControlArray(
                self._arm,
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
        states = pybullet.getJointStates(self._arm, self.bodies.joints, physicsClientId=self._client)
        position, velocity, _, effort = zip(*states, strict=True)
        return JointStates(np.array(position), np.array(velocity), np.array(effort))
