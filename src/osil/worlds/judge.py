"""Says whether a block-stacking episode succeeded, and if not why. No policy ever sees it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np

from osil.core import Action, BoolArray, Observation, Scene
from osil.robots.robot import Robot
from osil.tasks.block_stacking import STABLE_STEPS, StackingTask, layout_below
from osil.tasks.blocks import NOMINAL, Blocks

STEPS_PER_STAGE = 160
"""Control steps allowed for a stage, the same for every policy: 2.5 times what the scripted expert takes."""

SLACK_STEPS = 100
"""Control steps allowed besides, for the way to the first block and the wait at the end."""


class Outcome(str, Enum):
    """How an episode ended; the failures are those of section 5.2.4."""

    SUCCESS = "success"
    RECOVERABLE = "recoverable"
    """Out of time, with nothing wrong that more time could not have mended."""
    MANIPULATION = "manipulation"
    """A block that the task needs fell off the table or out of reach."""
    WRONG_MOVE = "wrong_move"
    """Out of time, with a block on one on which the task does not want it."""


FAILURES = (Outcome.RECOVERABLE, Outcome.MANIPULATION, Outcome.WRONG_MOVE)


def step_limit(task: StackingTask) -> int:
    """Control steps that an episode of this task may take."""
    return SLACK_STEPS + STEPS_PER_STAGE * task.num_stages


class Judge:
    """Observer of one episode, or of a batch of N with a task each (all of the same number of blocks).

    An episode is decided, once and for all, when the layout has stood for ``STABLE_STEPS`` with the gripper told
    to open, when a needed block is
    lost, or when its time is up.

    Attributes:
        succeeded: ``[...]`` booleans.
        lost: ``[...]`` True where a needed block fell or went out of reach.
        steps: ``[...]`` control steps until the layout stood, or until the episode ended without success.
        stage_steps: ``[..., S]`` control steps until k+1 stages first stood and were let go; -1: not yet.
        stages_done: ``[...]`` stages that stand.
        in_order: ``[...]`` True while no stage was done before one that the demonstration shows earlier.
    """

    def __init__(
        self,
        task: StackingTask | Sequence[StackingTask],
        robot: Robot,
        patience: float = 1.0,
        blocks: Blocks = NOMINAL,
    ) -> None:
        """
        Args:
            task: one for a single episode, or a list for a batch.
            robot: at whose table the blocks lie, and within whose reach.
            patience: time limits are multiplied by this.
            blocks: how large they are.
        """
        tasks = [task] if isinstance(task, StackingTask) else list(task)
        shape = () if isinstance(task, StackingTask) else (len(tasks),)
        longest, count = max(one.num_stages for one in tasks), tasks[0].num_blocks
        stages = np.full((len(tasks), longest, 2), -1)
        for row, one in zip(stages, tasks, strict=True):
            row[: one.num_stages] = np.array(one.stages).reshape(-1, 2)
        self._table, self._grasp_radius, self._blocks = robot.table, robot.grasp_radius, blocks
        self._source = stages[..., 0].reshape(*shape, longest)
        self._target = stages[..., 1].reshape(*shape, longest)
        self._below = np.array([one.below for one in tasks]).reshape(*shape, count)
        self._needed = np.array([[_used(one, b) for b in range(count)] for one in tasks]).reshape(*shape, count)
        self._limit = np.array([round(patience * step_limit(one)) for one in tasks]).reshape(shape)
        self._stable = np.zeros(shape, dtype=np.int64)
        self._compatible = np.ones(shape, dtype=np.bool_)
        self.steps = np.zeros(shape, dtype=np.int64)
        self.stage_steps = np.full((*shape, longest), -1)
        self.stages_done = np.zeros(shape, dtype=np.int64)
        self.succeeded: BoolArray = np.zeros(shape, dtype=np.bool_)
        self.lost: BoolArray = np.zeros(shape, dtype=np.bool_)
        self.in_order: BoolArray = np.ones(shape, dtype=np.bool_)

    @property
    def running(self) -> BoolArray:
        """``[...]`` True where the episode is not yet decided."""
        result: BoolArray = ~self.succeeded & ~self.lost & (self.steps < self._limit)
        return result

    @property
    def done(self) -> bool:
        return not self.running.any()

    @property
    def max_steps(self) -> int:
        """The limit of the longest episode in the batch."""
        return int(self._limit.max())

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        """See ``osil.rollout.Observer``; ``scene`` is the true state after the action, in the base frame."""
        running, released = self.running, ~action.close_gripper
        self.steps = self.steps + running
        below = layout_below(scene.block_positions, self._blocks)
        stands = np.take_along_axis(below, np.maximum(self._source, 0), axis=-1) == self._target
        stands &= self._source >= 0
        stages_done = stands.sum(-1)
        prefix = (stands.cumprod(-1).sum(-1) == stages_done) | ~released

        self.stages_done = np.where(running, stages_done, self.stages_done)
        self.in_order = self.in_order & (prefix | ~running)
        self._compatible = np.where(running, ((below == -1) | (below == self._below)).all(-1), self._compatible)
        first = (np.arange(self.stage_steps.shape[-1]) < stages_done[..., None]) & (self.stage_steps < 0)
        first &= (running & released)[..., None]
        self.stage_steps = np.where(first, self.steps[..., None], self.stage_steps)

        self.lost = self.lost | (running & (self._out_of_reach(scene) & self._needed).any(-1))
        self._stable = np.where((below == self._below).all(-1) & released, self._stable + 1, 0)
        now = running & ~self.lost & (self._stable >= STABLE_STEPS)
        self.steps = self.steps - np.where(now, STABLE_STEPS - 1, 0)
        self.succeeded = self.succeeded | now

    def outcomes(self) -> list[Outcome]:
        """One outcome an episode, meant for when all are decided."""
        return [
            Outcome.SUCCESS
            if succeeded
            else Outcome.MANIPULATION
            if lost
            else Outcome.RECOVERABLE
            if compatible
            else Outcome.WRONG_MOVE
            for succeeded, lost, compatible in zip(
                np.atleast_1d(self.succeeded), np.atleast_1d(self.lost), np.atleast_1d(self._compatible), strict=True
            )
        ]

    def _out_of_reach(self, scene: Scene) -> BoolArray:
        x, y, z = np.moveaxis(scene.block_positions, -1, 0)
        radius = np.hypot(x - self._table.centre_x, y)
        lying = z < self._table.height + self._blocks.size
        fallen = z < self._table.height
        result: BoolArray = fallen | (lying & ((radius < self._grasp_radius[0]) | (radius > self._grasp_radius[1])))
        return result


def _used(task: StackingTask, block: int) -> bool:
    return any(block in stage for stage in task.stages)
