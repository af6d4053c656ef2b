"""Episodes from the kinematic world with the expert's labels, thousands at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.core import Action, Actor, BoolArray, Demonstration, Observation, Scene
from osil.data.beginnings import begin_beside, begin_midway
from osil.data.in_hand import begin_in_hand
from osil.data.teachers import Teacher
from osil.experts.noise import NoiseConfig, NoisyActor
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import Robot
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask, stages_done
from osil.tasks.blocks import NOMINAL, Blocks
from osil.tasks.table import Table
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.latency import LateWorld

STEPS_PER_STAGE = 110
"""Control steps allowed for a stage of an expert episode, noise and recoveries included; the median is 65."""

STEPS_AFTER = 3
"""Steps kept after the gripper has come to rest above the finished layout. Few, because with many a policy learns to
stop too readily, and where it stops by mistake it stays: it has no memory, and nothing changes any more."""


@dataclass(frozen=True, eq=False)
class LabelledEpisodes:
    """``N`` episodes of at most ``T`` steps, labelled by the expert.

    Attributes:
        observations: leading ``[T, N]``.
        labels: the expert's action at each observation, leading ``[T, N]``, before any noise.
        source, target: ``[T, N]`` blocks of the present stage, -1 once all stages are done.
        lengths: ``[N]`` steps of each episode that count.
        success: ``[N]`` whether all stages stood and the hand had come to rest in time.
    """

    observations: Observation
    labels: Action
    source: np.ndarray
    target: np.ndarray
    lengths: np.ndarray
    success: np.ndarray

    def demonstration(self, index: int) -> Demonstration[Observation, Action]:
        """Episode ``index`` as a demonstration."""
        steps = slice(self.lengths[index])
        return Demonstration(self.observations[steps, index], self.labels[steps, index])


def scenes(table: Table, count: int, num_blocks: int, rng: np.random.Generator, blocks: Blocks = NOMINAL) -> Scene:
    """``count`` random scenes as one with leading ``[N]``."""
    return Scene.stack([table.random_scene(num_blocks, rng, blocks) for _ in range(count)])


def collect(
    tasks: Sequence[StackingTask],
    rng: np.random.Generator,
    robot: Robot,
    noise: NoiseConfig | None = None,
    midway: float = 0.0,
    beside: float = 0.0,
    in_hand: float = 0.0,
    delayed: float = 0.5,
    teacher: Teacher | None = None,
    max_steps: int | None = None,
    blocks: Blocks = NOMINAL,
) -> LabelledEpisodes:
    """Do ``tasks`` (all with the same number of blocks), each in a new random scene, and let the expert label it all.

    Args:
        tasks: one for each of the N episodes.
        rng: source of randomness.
        robot: who acts.
        noise: disturbance of the executed actions; None for none.
        midway: share of the episodes that begin with some stages done.
        beside: share of the episodes that begin with a block close beside another one or a tower.
        in_hand: share of those without delay that begin with some block in the fingers.
        delayed: share of the episodes in which actions act one control step late.
        teacher: who drives; None: the expert.
        max_steps: end all episodes after so many control steps, done or not.
        blocks: how large they are.
    """
    count = len(tasks)
    scene = scenes(robot.table, count, tasks[0].num_blocks, rng, blocks)
    begin_midway(scene, tasks, midway, rng, blocks)
    begin_beside(scene, tasks, beside, robot.table, rng, blocks)
    labeller = Labeller(tasks, ExpertConfig(robot.gripper, blocks=blocks))
    actor: Actor[Observation, Action] = teacher.actor if teacher else labeller
    if noise:
        actor = NoisyActor(actor, noise, count, rng)
    late = rng.random(count) < delayed
    plain = KinematicWorld(rng, robot, blocks)
    world = LateWorld(plain, late.astype(int))
    observation = world.reset(scene)
    if in_hand:
        observation = begin_in_hand(plain, np.flatnonzero(~late & (rng.random(count) < in_hand)), rng)
    limit = STEPS_PER_STAGE * max(task.num_stages for task in tasks) + 60
    limit = max_steps or round(limit * (teacher.patience if teacher else 1.0))
    rollout(world, actor, observation, limit, [labeller])
    stand = [stages_done(task, world.scene[i], blocks) == task.num_stages for i, task in enumerate(tasks)]
    return labeller.episodes(np.array(stand))


class Labeller:
    """Observer that keeps what is seen with the expert's labels, until the expert has had no more to do for a while.

    It can drive, too: then the expert is asked only once about each observation.

    Args:
        tasks: N tasks, one for each world.
        expert: what the expert knows.
    """

    def __init__(self, tasks: Sequence[StackingTask], expert: ExpertConfig) -> None:
        self._expert = StackingExpert(tasks, expert)
        self._answered: tuple[Observation, Action] | None = None
        self._observations: list[Observation] = []
        self._labels: list[Action] = []
        self._sources: list[np.ndarray] = []
        self._targets: list[np.ndarray] = []
        self._finished = np.full(len(tasks), -1)

    def act(self, observation: Observation) -> Action:
        """The expert's action: leading ``[N]``."""
        if self._answered is None or self._answered[0] is not observation:
            self._answered = observation, self._expert.act(observation)
        return self._answered[1]

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        label, (source, target) = self.act(observation), self._expert.attended(observation)
        self._observations.append(observation.map(lambda array: array.astype(np.float32)))
        self._labels.append(label)
        self._sources.append(source)
        self._targets.append(target)
        self._finished = np.where((self._finished < 0) & at_rest(label, source), len(self._labels), self._finished)

    @property
    def done(self) -> bool:
        steps = len(self._labels)
        return bool((self._finished >= 0).all() and steps >= self._finished.max() + STEPS_AFTER)

    def episodes(self, stand: BoolArray) -> LabelledEpisodes:
        """The episodes, where ``stand`` ``[N]`` says which layouts stood at the end."""
        ended, steps = self._finished >= 0, len(self._labels)
        lengths = np.minimum(np.where(ended, self._finished + STEPS_AFTER, steps), steps)
        observations, labels = Observation.stack(self._observations), Action.stack(self._labels)
        return LabelledEpisodes(
            observations, labels, np.stack(self._sources), np.stack(self._targets), lengths, stand & ended
        )


def at_rest(label: Action, source: np.ndarray) -> BoolArray:
    """Where the expert has no more to do, by its action and the block it would move, -1 for none: ``[...]``."""
    result: BoolArray = (np.abs(label.displacement).max(-1) < 0.001) & ~label.close_gripper & (source < 0)
    return result
