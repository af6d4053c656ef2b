"""A simulated arm, table and blocks behind the interface of a real one. No other node can tell the difference.

Publishes at 60 Hz of simulated time: ``joint_states`` (sensor_msgs/JointState), ``block_poses`` (BlockPoseArray in
base_link, as a tracker would; on ``~/block_poses`` where a tracker has the word), ``clock``.
Subscribes: ``arm_controller/joint_trajectory`` (trajectory_msgs/JointTrajectory; followed from where the arm was told
to be, as ros2_control does), ``gripper_controller/joint_trajectory`` (the same; the last point counts).
Services: ``~/reset`` (ResetScene), a random or a given layout; ``~/push`` (PushBlock), a block slides; ``~/drop``
(std_srvs/Trigger), the block in the hand falls out of it.
Parameters: see ``SimulationParameters`` and ``config/simulation.yaml``.
"""

from __future__ import annotations

import string
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from osil import seeds
from osil.choices import ROBOT
from osil.core import NANOSECONDS, Scene
from osil.errors import ObservationError, SceneError
from osil.robots.robot import Robot, load_robot
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.parameters import LARGEST_INTEGER, declare, parameter
from osil.ros.run_node import run_node
from osil.tasks.block_stacking import stacked_on
from osil.tasks.blocks import LARGEST, SMALLEST, Blocks
from osil.worlds.arm_simulation import PHYSICS_STEP
from osil.worlds.bullet_scene import Physics
from osil.worlds.furniture import furniture
from osil.worlds.meddling import drop, push
from osil.worlds.pybullet import PyBulletWorld
from osil.worlds.window import Window
from osil_interfaces.msg import BlockPose, BlockPoseArray
from osil_interfaces.srv import PushBlock, ResetScene

STEPS_PER_TICK = 4
"""Physics steps between two messages: 60 Hz."""

TICK = STEPS_PER_TICK * PHYSICS_STEP
"""Seconds of simulated time from one to the next."""

RESET_TIME = 2 * NANOSECONDS
"""Nanoseconds of simulated time that pass while a scene is set up: an arm that moves to its start pose takes as long,
so that nobody takes the new joint states for a jump."""

DEAF_TIME = NANOSECONDS // 5
"""Nanoseconds of simulated time after that in which the arm takes no commands: they may be about where it was."""

MAX_BLOCKS = 12


@dataclass(frozen=True)
class SimulationParameters:
    """The scene at the start, and how fast time passes."""

    robot: str = parameter(ROBOT)
    num_blocks: int = parameter("blocks on the table at the start", 2, MAX_BLOCKS)
    block_size: float = parameter("edge length of the blocks, metres", SMALLEST, LARGEST)
    seed: int = parameter("of the random layout at the start", 0, LARGEST_INTEGER)
    real_time_factor: float = parameter("simulated seconds a second", 0.01, 100.0, live=True)
    gui: bool = parameter("open PyBullet's window")
    tracker: bool = parameter("a tracker tells where the blocks are: block poses go to ~/block_poses")


class SimulationNode(Node):
    """Joint commands in, joint states and block poses out."""

    def __init__(self) -> None:
        super().__init__("simulation")
        self._settings = declare(self, SimulationParameters, self._change_pace)
        self._physics = Physics(blocks=Blocks(self._settings.block_size))
        blocks = self._physics.blocks
        self._robot = load_robot(self._settings.robot).opened_for(blocks)
        self._world = PyBulletWorld(self._robot, self._settings.num_blocks, physics=self._physics)
        self._window = Window(self._robot, self._settings.num_blocks, blocks) if self._settings.gui else None
        self._trajectory: Trajectory | None = None  # that the arm follows; None: it stays
        self._trajectory_ticks = 0
        self._reset(self._random_scene(self._settings.num_blocks, self._settings.seed))
        # Simulated time begins at the time of day, so that it does not run backwards for the others after a restart.
        self._began, self._ticks = time.time_ns(), 0
        self._deaf_until = 0
        self._joint_states = self.create_publisher(JointState, topics.JOINT_STATES, 1)
        self._block_poses = self.create_publisher(
            BlockPoseArray, topics.TRUE_BLOCK_POSES if self._settings.tracker else topics.BLOCK_POSES, 1
        )
        self._clock_topic = self.create_publisher(ClockMessage, topics.CLOCK, 1)
        self.create_subscription(JointTrajectory, topics.ARM_TRAJECTORY, self._command_arm, 1)
        self.create_subscription(JointTrajectory, topics.GRIPPER_TRAJECTORY, self._command_gripper, 1)
        self.create_service(ResetScene, "~/reset", self._reset_scene)
        self.create_service(PushBlock, "~/push", self._push)
        self.create_service(Trigger, "~/drop", self._drop)
        self._timer = self.create_timer(TICK, self._step, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._change_pace(self._settings)

    def _change_pace(self, settings: SimulationParameters) -> None:
        self._settings, self._lap = settings, (time.monotonic(), self._ticks)
        self._timer.timer_period_ns = round(TICK / settings.real_time_factor * NANOSECONDS)

    def _step(self) -> None:
        self._follow()
        self._world.simulation.advance(STEPS_PER_TICK)
        self._ticks += 1
        self._publish()
        self._check_pace()

    def _follow(self) -> None:
        """Tell the arm where to be at the next tick."""
        if self._trajectory is None:
            return
        self._trajectory_ticks += 1
        targets, _ = self._trajectory.at(self._trajectory_ticks * TICK)
        try:
            self._world.simulation.command_arm(targets, TICK)
        except ObservationError as error:
            self._trajectory = None
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _publish(self) -> None:
        now = self._now()
        states = self._world.simulation.joint_states()
        self._joint_states.publish(
            convert.from_joints(self._robot.all_joints, states.positions, states.velocities, states.efforts, now)
        )
        self._block_poses.publish(convert.from_blocks(self._blocks(), now))
        self._clock_topic.publish(ClockMessage(clock=convert.to_stamp(now)))  # last: whoever acts on it has the rest
        if self._window is not None:
            self._window.show(self._world.snapshot())

    def _now(self) -> int:
        """Simulated time, nanoseconds: whole physics steps in integers, so that it does not drift."""
        return self._began + self._ticks * STEPS_PER_TICK * NANOSECONDS // round(1 / PHYSICS_STEP)

    def _check_pace(self) -> None:
        """Warn when the machine is too slow for the pace that was asked for."""
        began, ticks = self._lap
        elapsed = time.monotonic() - began
        if elapsed < 5.0:
            return
        reached = (self._ticks - ticks) * STEPS_PER_TICK * PHYSICS_STEP / elapsed
        self._lap = (time.monotonic(), self._ticks)
        if reached < 0.9 * self._settings.real_time_factor:
            self.get_logger().warning(
                f"only {reached:.2f} times real time instead of {self._settings.real_time_factor:g}: "
                f"the machine is busy; close other programs or lower real_time_factor"
            )

    def _blocks(self) -> list[BlockPose]:
        positions, quaternions = self._world.simulation.bodies.block_poses()
        return convert.from_poses(positions, quaternions, string.ascii_lowercase[: len(positions)])

    def _command_arm(self, message: JointTrajectory) -> None:
        if self._now() < self._deaf_until:
            return
        try:
            position = self._world.joint_positions()[: len(self._robot.arm_joints)]
            velocity = np.zeros_like(position)
            if self._trajectory is not None:
                position, velocity = self._trajectory.at(self._trajectory_ticks * TICK)
            self._trajectory = convert.to_trajectory(message, self._robot.arm_joints, position, velocity)
            self._trajectory_ticks = 0
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _command_gripper(self, message: JointTrajectory) -> None:
        try:
            targets, _ = convert.to_joint_targets(message)
            self._world.simulation.command_gripper(float(convert.pick(targets, self._robot.gripper.joints).sum()))
        except ObservationError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _random_scene(self, num_blocks: int, seed: int) -> Scene:
        return self._robot.table.random_scene(num_blocks, seeds.generator("demonstrate", seed), self._physics.blocks)

    def _reset_scene(self, request: ResetScene.Request, response: ResetScene.Response) -> ResetScene.Response:
        try:
            if request.blocks:
                names = list(string.ascii_lowercase[: len(request.blocks)])
                scene = convert.to_scene(request.blocks, names)
                what = f"{scene.num_blocks} blocks as given"
            else:
                count = request.num_blocks or self._world.simulation.num_blocks
                _check_count(count)
                scene = self._random_scene(count, request.seed)
                what = f"{count} blocks, random layout of seed {request.seed}"
            self._reset(scene)
        except (SceneError, ObservationError) as error:
            response.message = str(error)
        else:
            self._began += RESET_TIME
            self._deaf_until = self._now() + DEAF_TIME
            self._publish()  # before the answer, so that whoever acts on it finds the new scene
            response.success, response.message = True, what
        response.blocks = self._blocks()
        return response

    def _push(self, request: PushBlock.Request, response: PushBlock.Response) -> PushBlock.Response:
        velocity = np.array([request.velocity.x, request.velocity.y, request.velocity.z])
        try:
            push(self._world, request.block, velocity)
        except SceneError as error:
            response.message = str(error)
        else:
            response.success, response.message = True, f"block {request.block} was pushed"
        return response

    def _drop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message = f"block {drop(self._world)} was knocked out of the hand"
            response.success = True
        except (SceneError, ObservationError) as error:
            response.message = str(error)
        return response

    def _reset(self, scene: Scene) -> None:
        _check(scene, self._robot, self._physics.blocks)
        self._trajectory = None
        if scene.num_blocks != self._world.simulation.num_blocks:
            self._world.close()
            self._world = PyBulletWorld(self._robot, scene.num_blocks, physics=self._physics)
        self._world.reset(scene)


def _check_count(num_blocks: int) -> None:
    if not 2 <= num_blocks <= MAX_BLOCKS:
        raise SceneError(f"expected 2 to {MAX_BLOCKS} blocks, got {num_blocks}")


def _check(scene: Scene, robot: Robot, blocks: Blocks) -> None:
    """Raise SceneError if blocks would be inside one another or the table, or would fall."""
    _check_count(scene.num_blocks)
    positions, table_height = scene.block_positions, robot.table.height
    names = string.ascii_lowercase
    if positions[:, 2].min() < table_height + 0.45 * blocks.size:
        raise SceneError(f"a block is inside the table: its centre belongs {blocks.half} m above {table_height} m")
    distance = np.linalg.norm(positions[:, None] - positions, axis=-1) + np.diag([np.inf] * len(positions))
    if distance.min() < 0.95 * blocks.size:
        first, second = np.unravel_index(distance.argmin(), distance.shape)
        raise SceneError(f"blocks {names[first]} and {names[second]} are inside one another; move them apart")
    top = furniture(robot)[0]
    aside = np.abs(positions[:, :2] - top.position[:2])
    on_table = (aside <= 0.5 * np.array(top.size[:2])).all(-1)
    on_table &= positions[:, 2] < table_height + blocks.half + blocks.height_tolerance
    falling = np.flatnonzero(~on_table & ~stacked_on(positions, blocks).any(-1))
    if len(falling):
        raise SceneError(
            f"block {names[falling[0]]} would fall: put it onto the table ({top.size[0]:.2f} m by {top.size[1]:.2f} m "
            f"around x {top.position[0]:.2f} m, y 0; its centre belongs {table_height + blocks.half:.3f} m high) or "
            f"straight onto another block"
        )


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(SimulationNode, "simulation.yaml", args)


if __name__ == "__main__":
    raise SystemExit(main())
