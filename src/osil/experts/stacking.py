"""A scripted expert for block stacking (section 5.2: the demonstrations come from a hard-coded policy).

It is memoryless and closed loop: its action is a function of the observation and the task alone. So it can label any
state for DAGGER, it recovers from a missed, dropped, shoved or wrong block without knowing that anything went wrong,
and it runs unchanged in every world. Everything it needs is relative to the gripper.

Two rules make it easy to imitate. It passes thresholds quickly, because it aims well past them. And it tells phases,
such as closing, by the width between the fingers: that changes slowly, so the expert does not switch to and fro between
two phases although it has no memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import Action, BoolArray, FloatArray, Observation
from osil.experts.free_spot import free_spot
from osil.experts.neighbours import find_room
from osil.geometry import clip_norm, wrap_cube_yaw
from osil.robots.robot import Gripper
from osil.tasks.block_stacking import StackingTask, stacked_on
from osil.tasks.blocks import NOMINAL, Blocks, between_fingers, grasp_height


@dataclass(frozen=True)
class ExpertConfig:
    """Speeds, clearances and thresholds, metres and radians per control step.

    Attributes:
        gripper: the hand.
        overshoot: grasping and placing aim this far below where they would end, so that the motion is still brisk where
            their thresholds are: a policy that imitates a slow last millimetre stops just short of it.
        gain: fraction of the remaining distance covered in a step. 0.4 stays stable with a step of latency.
        max_step: greatest distance in a step, in the plane and along z each.
        max_yaw_step: greatest rotation in a step.
        clearance: free height over the tallest block while travelling.
        crossing: free height over the tallest block at which the motion across begins, and at which it is at full
            speed. Far below ``clearance``: a policy that errs about the height at which to travel by less than the
            distance between them still moves on.
        funnel: radius within which the gripper may come down, and the slope of the funnel's wall above it.
        yaw_funnel: the same for its yaw, metres a radian: a palm that turns low beside a tower knocks it over.
        blocks: how large they are.
        held_margin: fingers around a block hold it when no further apart than its size and this.

    Raises:
        ConfigError: the hand does not open wide enough for the blocks.
    """

    gripper: Gripper
    overshoot: float = 0.005
    gain: float = 0.4
    max_step: float = 0.025
    max_yaw_step: float = 0.08
    clearance: float = 0.06
    crossing: tuple[float, float] = (-0.005, 0.015)
    funnel: tuple[float, float] = (0.005, 5.0)
    yaw_funnel: tuple[float, float] = (0.05, 1.0)
    blocks: Blocks = NOMINAL
    held_margin: float = 0.0028
    grasp_tolerance: tuple[float, float, float] = (0.0085, 0.005, 0.10)
    """Lateral (m), vertical (m) and yaw (rad) error within which the fingers close."""
    closing_tolerance: tuple[float, float, float] = (0.014, 0.010, 0.25)
    """The same once the fingers are closing."""
    release_tolerance: tuple[float, float, float] = (0.0075, 0.0060, 0.12)
    """Lateral (m), vertical (m) and yaw (rad) error within which a block is let go."""
    aside_spacing: tuple[float, float] = (0.09, 0.10)
    """A nominal block is put aside where every other one is further away than this (m); between the two it still moves.
    """
    aside_height: float = 0.010
    """A block that is put aside is let go so far above the table (m). Nearly on the table, a policy that errs by a few
    millimetres would press it down for ever, with nothing left to change."""

    def __post_init__(self) -> None:
        self.blocks.check_opening(self.gripper.opening)

    @property
    def closing_width(self) -> float:
        """Fingers closer than this are in the act of closing or opening: thresholds loosen."""
        return self.gripper.opening - 0.005

    @property
    def free_width(self) -> float:
        """After a release the gripper waits until the fingers are this far apart."""
        return self.gripper.opening - 0.010

    @property
    def precision(self) -> float:
        """Small blocks are grasped with a vertical error as much smaller as they are."""
        return min(1.0, self.blocks.size / NOMINAL.size)


class StackingExpert:
    """Chooses actions that build the layout of one task, or of one task for each world of a batch."""

    def __init__(self, task: StackingTask | Sequence[StackingTask], config: ExpertConfig) -> None:
        tasks = [task] if isinstance(task, StackingTask) else list(task)
        self._config = config
        longest = max(1, max(one.num_stages for one in tasks))
        self._stages = np.full((len(tasks), longest, 2), -1)
        self._bases = np.zeros((len(tasks), max(one.num_blocks for one in tasks)), dtype=np.bool_)
        for row, bases, one in zip(self._stages, self._bases, tasks, strict=True):
            if one.stages:
                row[: one.num_stages] = one.stages
                bases[list({target for _, target in one.stages} - {source for source, _ in one.stages})] = True

    def act(self, observation: Observation) -> Action:
        """The expert's action: leading dimensions as in ``observation`` (none, or ``[N]``: one world a task)."""
        single = not observation.leading_shape
        batch = observation[None] if single else observation
        action = self._act(batch)
        return action[0] if single else action

    def attended(self, observation: Observation) -> tuple[np.ndarray, np.ndarray]:
        """Source and target block of the present stage: two ``[N]`` integer arrays, -1 when all stages are done.

        A stage lasts until the hand has left the block that it placed. Who is to learn stages from observations would
        otherwise have to tell a block that was just let go from one that is about to be grasped by its place alone.
        """
        _, _, stage, finished, rows = self._situation(observation)
        stage = np.where(finished, self._stages.shape[1], stage)
        placed = self._stages[..., 0] == self._nearest(observation.block_positions)[:, None]
        placed &= np.arange(self._stages.shape[1]) < stage[:, None]
        stage = np.where(placed.any(-1), placed.argmax(-1), stage)
        over = np.pad(self._stages, ((0, 0), (0, 1), (0, 0)), constant_values=-1)
        source, target = over[rows, stage].T
        return source, target

    def _situation(self, observation: Observation) -> tuple[np.ndarray, BoolArray, np.ndarray, BoolArray, np.ndarray]:
        """Held block (-1: none), what stands on what, first open stage, whether all are done, and row numbers."""
        positions = observation.block_positions
        rows = np.arange(len(positions))
        nearest = self._nearest(positions)
        width = observation.gripper_opening
        holding: BoolArray = (nearest >= 0) & (width < self._config.blocks.size + self._config.held_margin)
        held = np.where(holding, nearest, -1)
        on = stacked_on(positions, self._config.blocks)
        on[rows[holding], held[holding]] = False  # a block in the fingers stands on nothing
        source, target = self._stages[..., 0], self._stages[..., 1]
        astray = self._astray(on)
        satisfied = (on[rows[:, None], source, target] & ~astray[rows[:, None], target]) | (source < 0)
        return held, on, satisfied.argmin(-1), satisfied.all(-1), rows

    def _astray(self, on: BoolArray) -> BoolArray:
        """``[N, B]`` where the lowest block of a tower stands on another block, which a later stage may need."""
        astray: BoolArray = self._bases & on.any(-1)
        return astray

    @staticmethod
    def _nearest(positions: FloatArray) -> np.ndarray:
        """The block between the fingers, the nearest if there are two, or -1: ``[N]``."""
        between = between_fingers(positions)
        distance = np.where(between, (positions**2).sum(-1), np.inf)
        return np.where(between.any(-1), distance.argmin(-1), -1)

    def _act(self, observation: Observation) -> Action:
        c = self._config
        positions, yaws, width = observation.block_positions, observation.block_yaws, observation.gripper_opening
        held, on, stage, finished, rows = self._situation(observation)
        source, target = self._stages[rows, stage].T
        holding = held >= 0

        # What is in the way on the source or on the target has to go first, topmost block first. Where a target stands
        # on another block and not on the table, as it shall, it is in the way itself.
        beneath = np.where(self._astray(on)[rows, target], on[rows, target].argmax(-1), target)
        on_target, on_source = self._topmost(on, beneath), self._topmost(on, source)
        occupied = on_target >= 0
        pick = np.where(occupied, on_target, np.where(on_source >= 0, on_source, source))
        aside = holding & (finished | (held != source) | occupied)

        carried_along = holding[:, None] & on[rows, :, held]  # as when the hand came down too far and lifts two
        others = (np.arange(positions.shape[1]) != held[:, None]) & ~carried_along
        top = np.where(others, positions[..., 2], -np.inf).max(-1) + c.blocks.half
        ground = positions[..., 2].min(-1)
        carried = np.where(holding[:, None], positions[rows, held], 0.0)
        underside = np.where(holding, carried[:, 2] - c.blocks.half, -c.gripper.tip)
        rise = top + c.clearance - underside

        # Where to go: over the target with the block held, else around the block to pick.
        goal = np.where(holding[:, None], positions[rows, target] - carried, positions[rows, pick])
        goal[holding, 2] += c.blocks.size
        goal[~holding, 2] += grasp_height(c.blocks.size)
        turn = np.where(holding, yaws[rows, target] - yaws[rows, held], yaws[rows, pick])
        beside = positions[..., :2] - carried[:, None, :2]
        closest = np.where(others, np.sqrt((beside**2).sum(-1)), np.inf).min(-1)
        least, ample = (spacing + c.blocks.excess for spacing in c.aside_spacing)
        crowded = closest < least
        goal[aside, :2] = 0.0
        on_the_way = aside & (closest < ample)
        goal[on_the_way, :2] = free_spot(beside[on_the_way], others[on_the_way], ample)
        goal[aside, 2] = (ground - carried[:, 2])[aside]
        come_to = np.where(holding, target, pick)
        in_the_way = others & (np.arange(positions.shape[1]) != come_to[:, None])
        turn, room = find_room(positions, yaws, goal, in_the_way, holding, wrap_cube_yaw(turn), c.gripper, c.blocks)
        turn = np.where(aside | finished, 0.0, turn)
        goal[~aside] += room[~aside]

        lateral = np.sqrt((goal[:, :2] ** 2).sum(-1))
        wall = c.funnel[1] * np.maximum(0.0, lateral - c.funnel[0])
        wall += c.yaw_funnel[1] * np.maximum(0.0, np.abs(turn) - c.yaw_funnel[0])
        wall = np.where(aside, np.where(crowded, np.inf, 0.0), wall)
        lower = goal[:, 2] - c.overshoot
        height = np.minimum(lower + wall, np.maximum(rise, lower))
        idle = finished & ~holding
        height = np.where(idle, np.maximum(0.0, rise), height)
        goal = np.where(idle[:, None], 0.0, goal)

        begin, full = (c.clearance - each for each in c.crossing)  # how far below the height of travel
        may_move = np.clip((begin - height) / (begin - full), 0.0, 1.0)  # first up, then across
        across = np.concatenate([goal[:, :2], np.zeros((len(rows), 1))], axis=1)
        displacement = clip_norm(c.gain * across, c.max_step) * may_move[:, None]
        displacement[:, 2] = np.clip(c.gain * height, -c.max_step, c.max_step)
        yaw_step = np.clip(c.gain * turn, -c.max_yaw_step, c.max_yaw_step) * may_move

        closing = width < c.closing_width
        near = np.where(closing[:, None], c.closing_tolerance, c.grasp_tolerance) * (1.0, c.precision, 1.0)
        grasp = ~holding & ~finished & self._within(lateral, goal[:, 2], turn, near)
        grasp &= width > 0.9 * c.blocks.size  # fingers that closed on nothing open again
        gap = -goal[:, 2]
        let_go = holding & self._within(lateral, np.maximum(gap, 0.0), turn, np.array(c.release_tolerance))
        let_go = np.where(aside, holding & ~crowded & (gap < c.aside_height), let_go)
        just_released = ~holding & ~grasp & (width < c.free_width) & (self._nearest(positions) >= 0)
        still = grasp | let_go | just_released
        return Action(
            np.where(still[:, None], 0.0, displacement),
            (holding & ~let_go) | grasp,
            np.where(still, 0.0, yaw_step),
        )

    @staticmethod
    def _within(lateral: FloatArray, vertical: FloatArray, turn: FloatArray, tolerance: FloatArray) -> BoolArray:
        result: BoolArray = (
            (lateral < tolerance[..., 0]) & (np.abs(vertical) < tolerance[..., 1]) & (np.abs(turn) < tolerance[..., 2])
        )
        return result

    @staticmethod
    def _topmost(on: BoolArray, base: np.ndarray) -> np.ndarray:
        """Topmost block of the pile on ``base`` ``[N]``, or -1."""
        rows = np.arange(len(base))
        above = on[rows, :, base]
        found = np.where(above.any(-1), above.argmax(-1), -1)
        for _ in range(on.shape[-1] - 2):
            above = on[rows, :, found] & (found >= 0)[:, None]
            found = np.where(above.any(-1), above.argmax(-1), found)
        return found
