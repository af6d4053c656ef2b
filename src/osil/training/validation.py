"""How good a policy is while it is still learning: whole episodes of training tasks in the kinematic world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from osil.data.kinematic_episodes import collect, scenes
from osil.policies.stacking import StackingPolicy
from osil.robots.robot import Robot
from osil.rollout import rollout
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import Judge
from osil.worlds.kinematic import KinematicWorld


def kinematic_success(
    policy: StackingPolicy, tasks: Sequence[StackingTask], episodes: int, rng: np.random.Generator, robot: Robot
) -> float:
    """Share of episodes, each with a new demonstration and a new scene, that end with the layout shown."""
    groups = defaultdict(list)
    for index in range(episodes):
        task = tasks[index * len(tasks) // episodes]
        groups[task.num_blocks].append(task)
    return sum(_successes(policy, group, rng, robot) for group in groups.values()) / episodes


def _successes(policy: StackingPolicy, tasks: Sequence[StackingTask], rng: np.random.Generator, robot: Robot) -> int:
    shown = collect(tasks, rng, robot)
    policy.reset_batch([shown.demonstration(index) for index in range(len(tasks))], [0] * len(tasks))
    world, judge = KinematicWorld(rng, robot), Judge(tasks, robot)
    observation = world.reset(scenes(robot.table, len(tasks), tasks[0].num_blocks, rng))
    rollout(world, policy, observation, judge.max_steps, [judge])
    return int(judge.succeeded.sum())
