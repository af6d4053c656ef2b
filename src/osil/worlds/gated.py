"""Block stacking by an arm behind the safety gate, slowed down as on a robot."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import yaml

from osil.core import CONTROL_PERIOD, NANOSECONDS, Action, Observation, Scene
from osil.resources import resource_path
from osil.robots.gate_config import ON_A_ROBOT, GateConfig
from osil.robots.robot import Robot
from osil.robots.safety_gate import Orders, SafetyGate
from osil.robots.steering import Command
from osil.robots.trajectory import Trajectory
from osil.worlds.arm_simulation import PHYSICS_STEP, STEPS_PER_CONTROL
from osil.worlds.bullet_scene import Physics
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.tracker import TrackerConfig

STEPS_PER_READING = 4
"""Physics steps between two looks at the joints, 60 a second as of the simulated robot."""


def shipped_gate(robot: Robot, max_speed: float) -> GateConfig:
    """As ``config/controller.yaml`` has it, with the accelerations of a robot and a speed (m/s)."""
    given = yaml.safe_load(resource_path("config", "controller.yaml").read_text("utf-8"))["/**"]["ros__parameters"]
    slow = {**ON_A_ROBOT, "max_speed": max_speed, "table_height": robot.table.height}
    return GateConfig(**{field.name: {**given, **slow}[field.name] for field in fields(GateConfig)})


class GatedWorld(PyBulletWorld):
    """What ``PyBulletWorld`` is, where actions go through the gate and on as trajectories, as they do to a robot.

    An arm that the gate has stopped for good stays where it is.

    Args:
        max_speed: of the gripper, metres a second; see ``GateConfig``.
        robot, num_blocks, rng, physics, tracker: see ``PyBulletWorld``.
    """

    def __init__(
        self,
        max_speed: float,
        robot: Robot,
        num_blocks: int,
        rng: np.random.Generator | None = None,
        physics: Physics | None = None,
        tracker: TrackerConfig | None = None,
    ) -> None:
        super().__init__(robot, num_blocks, rng, physics, tracker)
        self._config = shipped_gate(robot, max_speed)

    def reset(self, scene: Scene) -> Observation:
        seen = super().reset(scene)
        self._gate = SafetyGate(self.robot, self._config, precedence="teleoperation")
        self._trajectory: Trajectory | None = None
        self._steps = self._followed = 0
        self._read()
        return seen

    def _act(self, action: Action) -> None:
        command = Command(self._now, action.displacement / CONTROL_PERIOD, float(action.yaw_step) / CONTROL_PERIOD)
        for orders in (
            self._gate.command(self._now, "policy", command),
            self._gate.grip(self._now, "policy", bool(action.close_gripper)),
            self._gate.watch(self._now),
        ):
            self._carry_out(orders)
        for _ in range(STEPS_PER_CONTROL // STEPS_PER_READING):
            self._follow()
            self._read()

    @property
    def _now(self) -> int:
        return NANOSECONDS + round(self._steps * PHYSICS_STEP * NANOSECONDS)

    def _carry_out(self, orders: Orders) -> None:
        if orders.arm is not None:
            position = self.joint_positions()[: len(self.robot.arm_joints)]
            velocity = np.zeros_like(position)
            if self._trajectory is not None:  # it goes on from where the arm was told to be
                position, velocity = self._trajectory.at(self._followed * PHYSICS_STEP)
            self._trajectory, self._followed = orders.arm.begun_at(position, velocity), 0
        if orders.close is not None:
            self.simulation.command_gripper(0.0 if orders.close else self.robot.gripper.opening)

    def _follow(self) -> None:
        self._steps += STEPS_PER_READING
        if self._trajectory is not None:
            self._followed += STEPS_PER_READING
            target, _ = self._trajectory.at(self._followed * PHYSICS_STEP)
            self.simulation.command_arm(target, STEPS_PER_READING * PHYSICS_STEP)
        self.simulation.advance(STEPS_PER_READING)

    def _read(self) -> None:
        readings = dict(zip(self.robot.all_joints, self.joint_positions(), strict=True))
        self._gate.read(self._now, self._now, readings)
