"""Pools of episodes from which training draws its pairs: demonstrations, and episodes labelled by the expert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from osil.choices import Arrangement, MishapKind, names
from osil.core import Action, Actor, BoolArray, Demonstration, Observation, Policy
from osil.data.dagger import TakingTurns
from osil.data.dataset import Dataset
from osil.data.kinematic_episodes import LabelledEpisodes, collect
from osil.data.teachers import Teacher, make_teacher
from osil.demonstrations.conditioning import Conditioning
from osil.demonstrations.fitness import is_fit
from osil.experts.mishaps import MishapActor
from osil.experts.noise import NoiseConfig
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import Robot
from osil.settings import check_at_least
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL

Learner: TypeAlias = Policy[Observation, Action]

STEADY = NoiseConfig(scales=(0.0, 0.0005, 0.001), burst_rate=0.0)
FUMBLING = NoiseConfig(scales=(0.0, 0.0005, 0.001, 0.002), burst_rate=0.003)
"""Demonstrations are steadier than the episodes in which actions are asked for, but people fumble too."""

YAW_NOISE_PER_METRE = 10.0

MISHAP_STAGES = 2
"""Mishaps happen within so many stages, so that there is time to get over them."""


@dataclass(frozen=True, eq=False)
class PairBatch:
    """M demonstrations with N labelled observations each.

    Attributes:
        demonstrations: M cut-down demonstrations, each with leading ``[K_m]``.
        observations: leading ``[M, N]``.
        labels: the expert's actions, leading ``[M, N]``.
        source, target: ``[M, N]`` blocks of the present stage, -1 where all stages are done.
        moments: ``[M, N, K]`` which frames (of K, as many as the longest demonstration has) show the present stage.
    """

    demonstrations: list[Observation]
    observations: Observation
    labels: Action
    source: np.ndarray
    target: np.ndarray
    moments: BoolArray


@dataclass(frozen=True)
class SamplingConfig:
    """How pairs are drawn.

    Attributes:
        demonstrations: M, demonstrations in a batch.
        observations: N, labelled observations for each.
        pool_tasks: tasks in a pool of episodes.
        queries: labelled episodes for each task of a pool.
        pools: pools kept at once; the oldest gives way to a new one.
        refresh: batches between two new pools.
        ahead: pools in the making at once: as many as there are workers keep all of them busy. The more, the longer ago
            is the learner that drives in them.
        even_share: share of the pools for which every number of blocks is as likely; for the others every task is. Few
            tasks have few blocks: they would be forgotten.
        midway: share of the labelled episodes that begin with some stages done.
        beside: share of the labelled episodes that begin with a block close beside another one or a tower.
        in_hand: share of the labelled episodes in which actions act at once that begin with some block in the fingers.
        arrangement: how blocks lie at the start.
        spacing: the least distance between them (metres) is drawn between these for each pool.
        interleave: share of the tasks whose towers are built in turns instead of one after the other.
        position_noise: standard deviations of what a tracker may add to positions, metres; one is drawn for each
            demonstration with its observations. Yaws get ``YAW_NOISE_PER_METRE`` times as many radians.
        first_batches: so many batches are easy, which is learned faster: at most ``first_blocks`` blocks, steady
            demonstrations, no tracker's noise.
        first_blocks: greatest number of blocks in the easy batches.
        dataset: folder of collected trajectories (docs/training_data.md), from contact physics for instance, or None.
        stored_share: share of the pools that are drawn from it; the others are made.
        human_share: share of the pools with demonstrations of the human-like teacher.
        dagger_share: share of the pools in which the learner drives in turn (DAGGER). 0 is behavioral cloning.
        dagger_after: batches before the first of them.
        dagger_steps: length of the episodes in them, control steps.
        dagger_midway: share of these that begin with some stages done, because they are too short for all stages.
        mishap_share: share of these pools in which a block drops, or a wrong one gets into the fingers, early in every
            episode. A good learner comes into such situations too rarely to learn to get out of them.
    """

    demonstrations: int = 12
    observations: int = 64
    pool_tasks: int = 48
    queries: int = 2
    pools: int = 12
    refresh: int = 80
    ahead: int = 1
    even_share: float = 0.5
    midway: float = 0.3
    beside: float = 0.0
    in_hand: float = 0.0
    arrangement: Arrangement = "any"
    spacing: tuple[float, float] = (0.075, 0.105)
    interleave: float = 0.3
    position_noise: tuple[float, ...] = (0.0, 0.0, 0.001, 0.002)
    first_blocks: int = 5
    first_batches: int = 1500
    dataset: str | None = None
    stored_share: float = 0.5
    human_share: float = 0.2
    dagger_share: float = 0.0
    dagger_after: int = 4000
    dagger_steps: int = 300
    dagger_midway: float = 0.8
    mishap_share: float = 0.0

    def __post_init__(self) -> None:
        check_at_least(self, demonstrations=1, observations=1, pool_tasks=1, queries=1, pools=1, refresh=1, ahead=1)


class PoolMaker:
    """Makes pools, in this process or in another one.

    Args:
        tasks: to train on.
        config: how pairs are drawn.
        noise: disturbance of the expert's actions.
        robot: who acts, at a table with blocks arranged in some way.
    """

    def __init__(self, tasks: Sequence[StackingTask], config: SamplingConfig, noise: NoiseConfig, robot: Robot) -> None:
        self._tasks, self._config, self._noise, self._robot = tasks, config, noise, robot
        self._expert = ExpertConfig(robot.gripper)
        self._stored = Dataset(config.dataset) if config.dataset else None

    def make(self, drawn: int, rng: np.random.Generator, learner: Learner | None) -> Pool:
        """A new pool.

        Args:
            drawn: batches that have been drawn before.
            rng: source of randomness.
            learner: the policy as it stands, for DAGGER; None for behavioral cloning.
        """
        c = self._config
        sizes = [task.num_blocks for task in self._tasks]
        if rng.random() < c.even_share:
            sizes = sorted(set(sizes))
        easy = drawn < c.first_batches
        if easy:
            sizes = [size for size in sizes if size <= c.first_blocks] or sizes
        blocks = rng.choice(sizes)
        fitting = [task for task in self._tasks if task.num_blocks == blocks]
        if self._stored and rng.random() < c.stored_share:
            kept = [task for task in fitting if task in self._stored.counts]
            if kept:
                return self._stored_pool(self._stored, _by_stages(kept, c.pool_tasks, rng), rng)
        tasks = [reorder(task, rng.random() < c.interleave, rng) for task in _by_stages(fitting, c.pool_tasks, rng)]
        robot = self._robot.at_table(self._robot.table.arrangement, rng.uniform(*c.spacing))
        if not easy and rng.random() < c.human_share:
            shown = collect(tasks, rng, robot, teacher=make_teacher("human", tasks, rng, self._expert))
        else:
            shown = collect(tasks, rng, robot, noise=STEADY if easy else FUMBLING)
        repeated = [task for task in tasks for _ in range(c.queries)]
        if learner and drawn >= c.dagger_after and rng.random() < c.dagger_share and (prompts := _prompts(shown)):
            asked = self._let_learn(learner, prompts, repeated, robot, rng)
            return Pool(shown, asked, c.queries, np.ones(len(repeated), dtype=bool))
        asked = collect(repeated, rng, robot, self._noise, c.midway, c.beside, c.in_hand)
        return Pool(shown, asked, c.queries, asked.success)  # where the expert got stuck there is nothing to learn

    def _stored_pool(self, stored: Dataset, tasks: Sequence[StackingTask], rng: np.random.Generator) -> Pool:
        """Demonstrations and labelled episodes that were collected before: of tasks as they are listed."""
        queries = self._config.queries
        repeated = [task for task in tasks for _ in range(queries)]
        asked = stored.draw(repeated, rng)
        return Pool(stored.draw(tasks, rng), asked, queries, asked.success)

    def _let_learn(
        self,
        learner: Learner,
        prompts: Sequence[Demonstration[Observation, Action]],
        tasks: Sequence[StackingTask],
        robot: Robot,
        rng: np.random.Generator,
    ) -> LabelledEpisodes:
        """Episodes of ``tasks``, ``queries`` for each prompt, in which learner and expert take turns."""
        c = self._config
        seeds: list[int] = rng.integers(2**31, size=len(tasks)).tolist()
        learner.reset_batch([prompt for prompt in prompts for _ in range(c.queries)], seeds)
        driver: Actor[Observation, Action] = TakingTurns(learner, StackingExpert(tasks, self._expert), len(tasks), rng)
        if rng.random() < c.mishap_share:
            driver = MishapActor(driver, tasks, rng.choice(names(MishapKind)), rng, self._expert, within=MISHAP_STAGES)
        turns = Teacher(driver, np.zeros(len(tasks)), 1.0)
        return collect(
            tasks,
            rng,
            robot,
            midway=c.dagger_midway,
            beside=c.beside,
            in_hand=c.in_hand,
            teacher=turns,
            max_steps=c.dagger_steps,
        )


def _prompts(shown: LabelledEpisodes) -> list[Demonstration[Observation, Action]]:
    """The demonstrations. In place of one that no policy takes stands another: labels are right whoever drives."""
    demonstrations = [shown.demonstration(index) for index in range(len(shown.success))]
    fit = [success and is_fit(one) for one, success in zip(demonstrations, shown.success, strict=True)]
    if not any(fit):
        return []
    return [one if good else demonstrations[fit.index(True)] for one, good in zip(demonstrations, fit, strict=True)]


def _by_stages(tasks: Sequence[StackingTask], count: int, rng: np.random.Generator) -> list[StackingTask]:
    """Draw ``count`` of the tasks with weights by which every stage counts alike."""
    stages = np.array([task.num_stages for task in tasks])
    return [tasks[index] for index in rng.choice(len(tasks), count, p=stages / stages.sum())]


def reorder(task: StackingTask, interleave: bool, rng: np.random.Generator) -> StackingTask:
    """The same layout with its towers built in another order, one after the other or in turns."""
    below = task.below
    bottoms = [target for _, target in task.stages if below[target] < 0]
    above = {target: source for source, target in task.stages}
    towers = []
    for bottom in rng.permutation(sorted(set(bottoms))):
        tower = [int(bottom)]
        while tower[-1] in above:
            tower.append(above[tower[-1]])
        towers.append(list(zip(tower[1:], tower[:-1], strict=True)))
    turns = [index for index, tower in enumerate(towers) for _ in tower]
    if interleave:
        rng.shuffle(turns)
    stages = [towers[turn].pop(0) for turn in turns]
    return StackingTask(task.num_blocks, tuple(stages))


class Pool:
    """Demonstrations and labelled episodes of the same tasks."""

    def __init__(self, shown: LabelledEpisodes, asked: LabelledEpisodes, queries: int, useful: np.ndarray) -> None:
        self._shown, self._asked, self._queries = shown, asked, queries
        self._ends = np.where(useful, asked.lengths, 0).reshape(-1, queries).cumsum(-1)
        self._usable = np.nonzero(shown.success & (self._ends[:, -1] > 0))[0]

    def draw(
        self, conditioning: Conditioning, rng: np.random.Generator, config: SamplingConfig, noise: tuple[float, ...]
    ) -> PairBatch:
        count = config.demonstrations
        chosen = rng.choice(self._usable, count, replace=len(self._usable) < count)
        demonstrations, sources = [], []
        for index in chosen:
            whole = self._shown.observations[: self._shown.lengths[index], index]
            kept = conditioning.frames(whole, rng, NOMINAL)  # all that is learned from shows such blocks
            demonstrations.append(whole[kept])
            sources.append(self._shown.source[kept, index])
        scale = rng.choice(noise, count)
        demonstrations = [_noisy(one, std, rng) for one, std in zip(demonstrations, scale, strict=True)]
        asked = self._asked
        # Uniform over the steps of a task's episodes, so that short episodes do not count for more than long ones.
        ends = self._ends[chosen]
        ticket = (rng.random((count, config.observations)) * ends[:, -1:]).astype(int)
        query = (ticket[..., None] >= ends[:, None]).sum(-1)
        step = ticket - np.take_along_axis(np.pad(ends, ((0, 0), (1, 0))), query, axis=1)
        at = step, chosen[:, None] * self._queries + query
        observations = _noisy(asked.observations[at], scale[:, None], rng)
        moments = _moments(sources, asked.source[at])
        return PairBatch(demonstrations, observations, asked.labels[at], asked.source[at], asked.target[at], moments)


def _moments(shown: Sequence[np.ndarray], present: np.ndarray) -> BoolArray:
    """Which of the frames (each with the block that its stage moves, M arrays ``[K_m]``) show the stage in which the
    block of ``present`` ``[M, N]`` moves: ``[M, N, K]``. In a task no block moves twice."""
    longest = max(len(one) for one in shown)
    none = -2  # neither a block nor the end
    frames = np.stack([np.pad(one, (0, longest - len(one)), constant_values=none) for one in shown])
    result: BoolArray = frames[:, None] == present[..., None]
    return result


def _noisy(observations: Observation, std: float | np.ndarray, rng: np.random.Generator) -> Observation:
    """Add a tracker's noise of ``std`` metres (broadcast to the leading dimensions)."""
    spread = np.asarray(std)[..., None]
    positions, yaws = observations.block_positions, observations.block_yaws
    return Observation(
        positions + (spread[..., None] * rng.standard_normal(positions.shape)).astype(np.float32),
        observations.gripper_opening,
        yaws + (YAW_NOISE_PER_METRE * spread * rng.standard_normal(yaws.shape)).astype(np.float32),
    )
