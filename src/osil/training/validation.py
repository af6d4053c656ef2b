"""How good a policy is while it is still learning: whole episodes of training tasks in the kinematic world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from osil.core import BoolArray
from osil.data.kinematic_episodes import collect, scenes
from osil.demonstrations.fitness import is_fit
from osil.policies.stacking import StackingPolicy
from osil.robots.robot import Robot
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import Judge
from osil.worlds.kinematic import KinematicWorld


def kinematic_success(
    policy: StackingPolicy,
    tasks: Sequence[StackingTask],
    episodes: int,
    rng: np.random.Generator,
    robot: Robot,
    executor: Executor | None = None,
) -> float:
    """Share of episodes, each with a new demonstration and a new scene, that end with the layout shown.

    Those with the same number of blocks run together, in a process of ``executor`` if there is one.
    """
    groups = defaultdict(list)
    for index in range(episodes):
        task = tasks[index * len(tasks) // episodes]
        groups[task.num_blocks].append(task)
    apply = executor.map if executor else map
    succeeded = apply(partial(_succeeded, policy, robot), groups.values(), rng.spawn(len(groups)))
    return float(np.concatenate(list(succeeded)).mean())


def _succeeded(
    policy: StackingPolicy, robot: Robot, tasks: Sequence[StackingTask], rng: np.random.Generator
) -> BoolArray:
    """Which episodes succeed, of those whose demonstration can be imitated: now and then the expert fails."""
    shown = collect(tasks, rng, robot)
    demonstrations = [shown.demonstration(index) for index in range(len(tasks))]
    fit = [index for index, one in enumerate(demonstrations) if is_fit(one)]
    if not fit:
        return np.zeros(0, dtype=np.bool_)
    asked = [tasks[index] for index in fit]
    policy.reset_batch([demonstrations[index] for index in fit], [0] * len(fit))
    world, judge = KinematicWorld(rng, robot), Judge(asked, robot)
    observation = world.reset(scenes(robot.table, len(asked), asked[0].num_blocks, rng))
    rollout(world, policy, observation, judge.max_steps, [judge])
    return judge.succeeded
