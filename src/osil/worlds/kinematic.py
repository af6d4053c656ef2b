"""A batched kinematic world: what an arm does to blocks, without dynamics, for making training data fast.

Thousands of worlds advance together as arrays. Geometry, timing and limits match the contact-physics world: the same
step and slew limits, the same fingers, the same table. What it leaves out is friction, torque and tilt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.arrays import Arrays
from osil.core import CONTROL_PERIOD, Action, BoolArray, FloatArray, Observation, Scene
from osil.geometry import half_extent, rotate_z, wrap_cube_yaw
from osil.robots.limits import slew
from osil.robots.robot import Robot
from osil.seeds import Streams
from osil.tasks.blocks import NOMINAL, Blocks


@dataclass(frozen=True)
class GraspConfig:
    """How blocks behave in the fingers, metres and radians.

    Attributes:
        lateral, vertical: a nominal block whose centre is this close to the grasp centre can be held.
        yaw: greatest misalignment that closing fingers straighten.
        slip: standard deviation of the block's shift in the fingers when it is grasped.
    """

    lateral: float = 0.020
    vertical: float = 0.026
    yaw: float = 0.35
    slip: float = 0.0008


@dataclass(frozen=True, eq=False)
class HandState(Arrays):
    """Hands, each in a world of its own.

    Attributes:
        position: ``[N, 3]`` grasp centre, metres, base frame.
        yaw: ``[N]`` radians.
        opening: ``[N]`` metres between the finger pads.
        held: ``[N]`` the block between them, -1 for none.
        held_offset: ``[N, 3]`` its centre, metres, gripper frame; 0 where there is none.
    """

    position: FloatArray
    yaw: FloatArray
    opening: FloatArray
    held: np.ndarray
    held_offset: FloatArray


class KinematicWorld:
    """``N`` worlds side by side. Observations, actions and scenes have a leading dimension ``[N]``.

    Args:
        rng: draws where the gripper starts and how blocks slip in the fingers: one for all worlds, or a stream for
            each. With these a world does the same alone and beside any others, however long those go on.
        robot: whose limits, hand and table these are.
        blocks: how large they are.
        grasp: how they behave in the fingers.

    Raises:
        ConfigError: the hand does not open wide enough for the blocks.
    """

    def __init__(
        self,
        rng: np.random.Generator | Streams,
        robot: Robot,
        blocks: Blocks = NOMINAL,
        grasp: GraspConfig | None = None,
    ) -> None:
        self._rng, self.robot, self._grasp = rng, robot, grasp or GraspConfig()
        self.blocks = blocks
        self._size, self._half = blocks.size, blocks.half
        blocks.check_opening(robot.gripper.opening)
        # To the micrometre, so that widths are the sums that they look like, on whatever side of a threshold.
        self._finger_step = round(2 * robot.gripper.speed * CONTROL_PERIOD, 6)

    def reset(self, scene: Scene) -> Observation:
        """Put the blocks where ``scene`` (leading ``[N]``) says, the open gripper somewhere above the table."""
        start, table = self.robot.start, self.robot.table
        count = len(scene.block_positions)
        # Worlds whose episode is decided are stepped on until all are: what they draw then must not move the next one.
        rng = self._episode = Streams.of(self._rng, count).spawn()
        self._rows = np.arange(count)
        self._blocks = scene.block_positions.astype(float)
        self._block_yaws = scene.block_yaws.astype(float)
        x, y = rng.uniform(*start.x), rng.uniform(*start.y)
        self._gripper: FloatArray = np.stack([x, y, table.height + rng.uniform(*start.height)], axis=-1)
        start_yaw = start.yaw * table.turned
        self._yaw: FloatArray = rng.uniform(-start_yaw, start_yaw)
        self._opening: FloatArray = np.full(count, self.robot.gripper.opening)
        self._velocity: FloatArray = np.zeros((count, 3))
        self._held = np.full(count, -1)
        self._held_offset: FloatArray = np.zeros((count, 3))
        return self.observe()

    @property
    def scene(self) -> Scene:
        return Scene(self._blocks.copy(), self._block_yaws.copy())

    @property
    def hand(self) -> HandState:
        offset = self._held_offset * (self._held >= 0)[:, None]
        return HandState(self._gripper.copy(), self._yaw.copy(), self._opening.copy(), self._held.copy(), offset)

    def place(self, hand: HandState) -> Observation:
        """Put the hands there, at rest. A block that is held comes along."""
        self._gripper, self._yaw = hand.position.copy(), hand.yaw.copy()
        self._opening, self._held = hand.opening.copy(), hand.held.copy()
        self._held_offset = hand.held_offset.copy()
        self._velocity[:] = 0.0
        self._carry()
        return self.observe()

    def keep(self, rows: np.ndarray) -> Observation:
        """Go on with these worlds alone."""
        self._rows, self._episode = np.arange(len(rows)), self._episode.take(rows)
        self._blocks, self._block_yaws = self._blocks[rows], self._block_yaws[rows]
        self._gripper, self._yaw, self._velocity = self._gripper[rows], self._yaw[rows], self._velocity[rows]
        self._opening, self._held, self._held_offset = self._opening[rows], self._held[rows], self._held_offset[rows]
        return self.observe()

    def move_block(self, row: int, block: int, position: FloatArray) -> None:
        """Put a block of world ``row`` at ``position`` ``[3]`` (metres, base frame), turned as it was."""
        self._blocks[row, block] = position

    def observe(self) -> Observation:
        """What the policy sees now."""
        relative = rotate_z(self._blocks - self._gripper[:, None], -self._yaw[:, None])
        return Observation(relative, self._opening.copy(), wrap_cube_yaw(self._block_yaws - self._yaw[:, None]))

    def step(self, action: Action) -> Observation:
        """Advance every world by one control period."""
        before = self._gripper[:, 2].copy()
        self._move_gripper(action.displacement, action.yaw_step)
        self._stop_on_blocks(before)
        self._carry()
        self._shove()
        self._move_fingers(action.close_gripper)
        self._settle()
        return self.observe()

    def _move_gripper(self, displacement: FloatArray, yaw_step: FloatArray) -> None:
        limits = self.robot.limits
        self._velocity = slew(rotate_z(displacement, self._yaw), self._velocity, limits)
        target = self.robot.clip_to_reach(self._gripper + self._velocity)
        self._velocity = target - self._gripper
        self._gripper = target
        self._yaw = self._yaw + np.clip(yaw_step, -limits.max_yaw_step, limits.max_yaw_step)

    def _stop_on_blocks(self, before: FloatArray) -> None:
        """A finger or a held block that comes down on a block stops there."""
        hand = self.robot.gripper
        free = np.arange(self._blocks.shape[1]) != self._held[:, None]
        under_finger = (self._finger_overlap() > 0.002).any(1) & free
        top = self._blocks[..., 2] + self._half
        floor = np.where(under_finger & (before[:, None] - hand.tip > top - 0.004), top + hand.tip, -np.inf)
        holding = self._held >= 0
        if holding.any():
            held_xy = self._held_position()[:, None, :2]
            over = (np.abs(self._blocks[..., :2] - held_xy) < self._size - 0.003).all(-1) & free & holding[:, None]
            bottom = self._held_offset[:, 2] - self._half
            above = before[:, None] + bottom[:, None] > top - 0.004
            floor = np.maximum(floor, np.where(over & above, top - bottom[:, None], -np.inf))
            table = self.robot.table.height - bottom
            floor = np.maximum(floor, np.where(holding, table, -np.inf)[:, None])
        lowest = floor.max(-1)
        stopped = self._gripper[:, 2] < lowest
        self._gripper[stopped, 2] = lowest[stopped]
        self._velocity[stopped, 2] = 0.0

    def _finger_overlap(self) -> FloatArray:
        """How deep each finger overlaps each block in the plane, ``[N, 2, B]`` metres; negative where it does not."""
        x, y, half = self._in_gripper()
        lateral, closing = self.robot.gripper.finger
        side = np.array([-1.0, 1.0])[None, :, None] * (0.5 * self._opening + closing)[:, None, None]
        along = lateral + half - np.abs(x)
        across = closing + half[:, None] - np.abs(y[:, None] - side)
        overlap: FloatArray = np.minimum(along[:, None], across)
        return overlap

    def _in_gripper(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Block centres in gripper x and y, and their half extents along these axes, each ``[N, B]``."""
        relative = rotate_z(self._blocks - self._gripper[:, None], -self._yaw[:, None])
        yaw = wrap_cube_yaw(self._block_yaws - self._yaw[:, None])
        return relative[..., 0], relative[..., 1], half_extent(self._size, yaw) - 0.001

    def _held_position(self) -> FloatArray:
        position: FloatArray = self._gripper + rotate_z(self._held_offset, self._yaw)
        return position

    def _carry(self) -> None:
        rows = self._rows[self._held >= 0]
        held = self._held[rows]
        self._blocks[rows, held] = self._held_position()[rows]
        self._block_yaws[rows, held] = self._yaw[rows]

    def _shove(self) -> None:
        """Fingers and a held block push aside what they run into."""
        hand = self.robot.gripper
        free = np.arange(self._blocks.shape[1]) != self._held[:, None]
        tip = (self._gripper[:, 2] - hand.tip)[:, None]
        bottom, top = self._blocks[..., 2] - self._half, self._blocks[..., 2] + self._half
        low = (tip < top - 0.002) & (tip + hand.finger_length > bottom)
        depth = np.where((low & free)[:, None], self._finger_overlap(), 0.0)
        if (depth > 0).any():
            x, y, _ = self._in_gripper()
            side = 0.5 * self._opening + hand.finger[1]
            for finger, sign in ((0, -1.0), (1, 1.0)):
                push = np.maximum(depth[:, finger], 0.0)
                relative = y - sign * side[:, None]
                lengthwise = np.abs(x) - hand.finger[0] > np.abs(relative) - hand.finger[1]
                shift = np.zeros(self._blocks.shape)
                shift[..., 0] = np.where(lengthwise, np.sign(x) * push, 0.0)
                shift[..., 1] = np.where(lengthwise, 0.0, np.sign(relative) * push)
                self._blocks += rotate_z(shift, self._yaw[:, None])
        holding = self._held >= 0
        if holding.any():
            offset = self._blocks - self._held_position()[:, None]
            overlap = self._size - np.abs(offset)
            hit = (overlap[..., :2] > 0.002).all(-1) & (overlap[..., 2] > 0.005) & free & holding[:, None]
            sideways = overlap[..., 0] < overlap[..., 1]
            self._blocks[..., 0] += np.where(hit & sideways, np.sign(offset[..., 0]) * overlap[..., 0], 0.0)
            self._blocks[..., 1] += np.where(hit & ~sideways, np.sign(offset[..., 1]) * overlap[..., 1], 0.0)

    def _move_fingers(self, close: BoolArray) -> None:
        hand, grasp = self.robot.gripper, self._grasp
        step = np.where(close, -self._finger_step, self._finger_step)
        opening = np.clip(self._opening + step, 0.0, hand.opening)
        x, y, _ = self._in_gripper()
        relative_z = self._blocks[..., 2] - self._gripper[:, None, 2]
        misaligned = np.abs(wrap_cube_yaw(self._block_yaws - self._yaw[:, None]))
        lateral = grasp.lateral + 0.5 * self.blocks.excess
        vertical = grasp.vertical + 0.25 * self.blocks.excess  # the fingers reach a quarter of the block at least
        graspable = (np.abs(x) < lateral) & (np.abs(y) < self._half) & (np.abs(relative_z) < vertical)
        graspable &= misaligned < grasp.yaw
        width = np.where(graspable, self._size, 0.0).max(-1)
        closing = close & (width > 0.0) & (opening <= width)
        opening = np.where(closing, width, opening)
        taking = closing & (self._held < 0)
        rows = self._rows[taking]
        if len(rows):
            block = np.where(graspable[rows], np.hypot(x, y)[rows], np.inf).argmin(-1)
            slip = grasp.slip * self._episode.take(rows).standard_normal(3)
            offset = np.stack([x[rows, block], np.zeros(len(rows)), relative_z[rows, block]], axis=-1)
            self._held[rows], self._held_offset[rows] = block, offset + slip * (1.0, 0.3, 0.5)
        self._held[(self._held >= 0) & (opening > self._size + 0.0005)] = -1
        self._opening = opening
        self._carry()

    def _settle(self) -> None:
        """Blocks without support fall; blocks whose centre is not over their support slide off it."""
        blocks = self._blocks
        free = np.arange(blocks.shape[1]) != self._held[:, None]
        offset = blocks[:, :, None] - blocks[:, None]
        lateral = np.abs(offset[..., :2]).max(-1)
        below = (lateral < self._size - 0.002) & (offset[..., 2] > 0.6 * self._size) & free[:, None]
        tops = np.where(below, blocks[:, None, :, 2] + self._half, self.robot.table.height)
        support, index = tops.max(-1), tops.argmax(-1)
        gap = np.maximum(0.0, blocks[..., 2] - self._half - support)
        blocks[..., 2] -= np.where(free, np.minimum(gap, 0.03), 0.0)
        supported = below.any(-1) & free & (gap < 0.002)
        if supported.any():
            base = np.take_along_axis(blocks, index[..., None], axis=1)
            overhang = (blocks - base)[..., :2]
            distance = np.sqrt((overhang**2).sum(-1))
            topples = supported & (np.abs(overhang).max(-1) > self._half)
            blocks[..., :2] += np.where(topples, 0.012 / np.maximum(distance, 1e-6), 0.0)[..., None] * overhang
