"""How good a policy is while it is still learning: whole episodes of training tasks in the kinematic world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from osil.demonstrations.collection import collect, scenes
from osil.policy import OneShotPolicy
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.worlds.kinematic import KinematicWorld
from osil.worlds.table import Table

STEPS_PER_STAGE = 110


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
    policy.reset([shown.demonstration(index) for index in range(len(tasks))])
    world = KinematicWorld(rng, table=table)
    observation = world.reset(scenes(table, len(tasks), tasks[0].num_blocks, rng))
    stable = np.zeros(len(tasks), dtype=int)
    done = np.zeros(len(tasks), dtype=bool)
    for _ in range(STEPS_PER_STAGE * max(task.num_stages for task in tasks)):
        observation = world.step(policy.act(observation))
        scene = world.scene
        reached = np.array([layout_reached(task, scene[index]) for index, task in enumerate(tasks)])
        stable = np.where(reached & (observation.gripper_opening > 0.05), stable + 1, 0)
        done |= stable >= 10
        if done.all():
            break
    return int(done.sum())
