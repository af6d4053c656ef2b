"""How good a policy is while it is still learning: whole episodes of training tasks in the kinematic world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from osil.data.kinematic_episodes import collect, scenes
from osil.policies.stacking import OneShotPolicy
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask
from osil.tasks.table import Table
from osil.worlds.judge import Judge
from osil.worlds.kinematic import KinematicWorld


def kinematic_success(
    policy: OneShotPolicy, tasks: Sequence[StackingTask], episodes: int, rng: np.random.Generator, table: Table
) -> float:
    """Share of episodes, each with a new demonstration and a new scene on ``table``, that end with the layout shown."""
    groups = defaultdict(list)
    for index in range(episodes):
        task = tasks[index * len(tasks) // episodes]
        groups[task.num_blocks].append(task)
    return sum(_successes(policy, group, rng, table) for group in groups.values()) / episodes


def _successes(policy: OneShotPolicy, tasks: Sequence[StackingTask], rng: np.random.Generator, table: Table) -> int:
    shown = collect(tasks, rng, table=table)
    policy.reset_batch([shown.demonstration(index) for index in range(len(tasks))], [0] * len(tasks))
    world, judge = KinematicWorld(rng, table=table), Judge(tasks)
    observation = world.reset(scenes(table, len(tasks), tasks[0].num_blocks, rng))
    rollout(world, policy, observation, judge.max_steps, [judge])
    return int(judge.succeeded.sum())
