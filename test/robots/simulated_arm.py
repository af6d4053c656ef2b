"""The arm behind a safety gate in contact physics, as it stands behind the topics."""

from __future__ import annotations

import numpy as np

from osil.core import FloatArray
from osil.robots.kinematics import GripperPose
from osil.worlds.arm_simulation import PHYSICS_STEP, STEPS_PER_CONTROL, ArmSimulation

from .gate import CONFIG, FETCH
from .gated_arm import READY, GatedArm


class SimulatedArm(GatedArm):
    """At its table without blocks. A tick is a physics step."""

    def __init__(self, pose: GripperPose = READY) -> None:
        self._simulation = ArmSimulation(FETCH, 0)
        super().__init__(CONFIG, pose, ticks=STEPS_PER_CONTROL)

    def close(self) -> None:
        """End the physics. Nothing else may be called afterwards."""
        self._simulation.close()

    def put(self, joints: FloatArray) -> None:
        self._simulation.reset(joints, self.opening, np.zeros((0, 3)), np.zeros((0, 4)))
        super().put(joints)

    def _grip(self, opening: float) -> None:
        self._simulation.command_gripper(opening)

    def _move(self, target: FloatArray) -> None:
        self._simulation.command_arm(target, PHYSICS_STEP)
        self._simulation.advance(1)
        measured = self._simulation.joint_states().positions
        self.joints, self.opening = measured[: len(target)], float(measured[-2:].sum())
