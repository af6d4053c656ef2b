"""Finds states in which a policy would stand still, or move to and fro, for ever: many, and without physics.

A policy with little memory does in a state what it does there every time. Where its answers lead back to where it was,
it never gets away. Success rates hardly show that: few episodes meet such a state. So hands are put into states of all
kinds, in the kinematic world, and followed until they have picked, placed or put aside a block, or are found not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from joblib import delayed
from tqdm import tqdm

from osil.arrays import Arrays
from osil.core import Action, Actor, BoolArray, Demonstration, FloatArray, Observation, Policy
from osil.data.kinematic_episodes import collect
from osil.evaluation.evaluate import EXPERT, load
from osil.evaluation.intervals import wilson
from osil.evaluation.probe_states import Doing, ProbeStates, draw_states
from osil.evaluation.versions import versions
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import Robot, load_robot
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask, stacked_on
from osil.tasks.blocks import NOMINAL
from osil.tasks.splits import SPLITS, load_tasks
from osil.workers import in_processes
from osil.worlds.kinematic import HandState, KinematicWorld

GROUP = 250
"""States that share a task and its demonstration."""

LOOK = 12
"""Control steps after which hands that are done are followed no further."""

FOLLOW = 60
"""Control steps in which nearly every hand is done."""

WATCH = 200
"""Control steps, ten seconds, for which one that is not is watched: a policy may notice that it gets nowhere."""

STILL = 40
"""A hand that is not done by then stands still if it did so in these last steps: two seconds."""

REST = (0.005, 0.05)
"""Within this (metres along each axis, radians) a hand stands still."""

WORST = 20
"""So many of the states that lead nowhere are described."""


class Outcome(IntEnum):
    """Where the answers of the policy lead from a state."""

    LEADS_ON = 0
    FIXED_POINT = 1
    CYCLE = 2
    ASTRAY = 3
    """The hand took another block, or let its block go where it does not belong."""


@dataclass(frozen=True, eq=False)
class Probed(Arrays):
    """What became of N states.

    Attributes:
        outcome: ``[N]`` an ``Outcome`` each.
        doing: ``[N]`` a ``Doing`` each.
        goal: ``[N, 3]`` where the block to place it on was seen or, where the hand did not have the right one, the
            block to pick: metres, gripper frame.
    """

    outcome: np.ndarray
    doing: np.ndarray
    goal: FloatArray


def probe(
    model: str | Path, states: int, seed: int, robot: str = "fetch", jobs: int = 1
) -> tuple[dict[str, Any], Probed]:
    """Probe a policy.

    Args:
        model: a model folder, a released model, or ``expert`` for the scripted expert.
        states: how many; rounded up to a multiple of ``GROUP``.
        seed: chooses them.
        robot: whose limits, hand and table there are.
        jobs: processes at most.

    Returns:
        Numbers for JSON: how many ``states``, ``fixed_points``, ``cycles`` and ``astray``, the Wilson interval of the
        share that leads nowhere, and ``worst``: some of those states. And what became of each state.

    Raises:
        ModelError: the policy cannot be loaded.
        ConfigError: no such robot.
    """
    policy = load(model, load_robot(robot).gripper)
    groups = -(-states // GROUP)
    work = in_processes((delayed(_probe_group)(model, robot, seed, number) for number in range(groups)), jobs)
    probed: list[Probed] = []
    described: list[dict[str, Any]] = []
    with tqdm(total=groups * GROUP, unit="state", smoothing=0.02) as progress:
        for found, descriptions in work:
            probed.append(found)
            described += descriptions
            progress.update(GROUP)
            progress.set_postfix(nowhere=sum(_nowhere(one.outcome).sum() for one in probed), refresh=False)
    every = Probed(*(np.concatenate(arrays) for arrays in zip(*(vars(one).values() for one in probed), strict=True)))
    counts = np.bincount(every.outcome, minlength=len(Outcome))
    nowhere = int(counts[Outcome.FIXED_POINT] + counts[Outcome.CYCLE])
    report = {
        "model": policy.info if policy else {"name": EXPERT},
        "robot": robot,
        "seed": seed,
        "states": len(every.outcome),
        "fixed_points": int(counts[Outcome.FIXED_POINT]),
        "cycles": int(counts[Outcome.CYCLE]),
        "astray": int(counts[Outcome.ASTRAY]),
        "wilson_95": list(wilson(nowhere, len(every.outcome))),
        "worst": sorted(described, key=lambda one: (one["outcome"], one["group"]), reverse=True)[:WORST],
        "versions": versions(),
    }
    return report, every


def _nowhere(outcome: np.ndarray) -> BoolArray:
    nowhere: BoolArray = (outcome == Outcome.FIXED_POINT) | (outcome == Outcome.CYCLE)
    return nowhere


def _probe_group(model: str | Path, robot: str, seed: int, number: int) -> tuple[Probed, list[dict[str, Any]]]:
    """``GROUP`` states of one task, and descriptions of those that lead nowhere."""
    rng = generator("test", seed, number)
    arm, task = load_robot(robot), _draw_task(rng)
    demonstration = _demonstrate(task, arm, rng)
    states = draw_states(task, arm, GROUP, rng)
    outcome = _follow(load(model, arm.gripper), demonstration, task, states, arm, rng)
    goal = states.seen(np.where(states.doing == Doing.PLACE, states.target, states.source))
    found = Probed(outcome, states.doing, goal)
    return found, [_describe(task, number, states[row], outcome[row]) for row in np.flatnonzero(_nowhere(outcome))]


def _draw_task(rng: np.random.Generator) -> StackingTask:
    """A task of the lists, every number of blocks as likely. To a policy the names of blocks have no order."""
    by_blocks: dict[int, list[StackingTask]] = {}
    for split in SPLITS:
        for task in load_tasks(split):
            by_blocks.setdefault(task.num_blocks, []).append(task)
    group = list(by_blocks.values())[rng.integers(len(by_blocks))]
    return group[rng.integers(len(group))]


def _demonstrate(task: StackingTask, robot: Robot, rng: np.random.Generator) -> Demonstration[Observation, Action]:
    """By the expert, until one succeeds."""
    while True:
        episodes = collect([task], rng, robot.at_table("any"), delayed=0.0)
        if episodes.success[0]:
            return episodes.demonstration(0)


def _follow(
    policy: Policy[Observation, Action] | None,
    demonstration: Demonstration[Observation, Action],
    task: StackingTask,
    states: ProbeStates,
    robot: Robot,
    rng: np.random.Generator,
) -> np.ndarray:
    """An ``Outcome`` for each state."""
    world = KinematicWorld(rng, robot)
    world.reset(states.scene)
    seen = world.place(states.hand)
    outcome = np.full(len(states.stage), Outcome.LEADS_ON)
    rows, seed = np.arange(len(outcome)), int(rng.integers(2**31))  # which are followed still
    for steps in (*(LOOK,) * (FOLLOW // LOOK), WATCH):
        actor = _actor(policy, demonstration, task, robot, len(rows), seed)
        following = states[rows]
        decided, path = np.zeros(len(rows), dtype=bool), []
        for _ in range(steps):
            seen = world.step(actor.act(seen))
            path.append(world.hand)
            now = (path[-1].held != following.hand.held) & ~decided
            outcome[rows[now & ~_right(following, world)]] = Outcome.ASTRAY
            decided |= now
        rows = rows[~decided]
        if not len(rows):
            return outcome
        seen = world.keep(np.flatnonzero(~decided))
    outcome[rows] = np.where(_stood_still(path)[~decided], Outcome.FIXED_POINT, Outcome.CYCLE)
    return outcome


def _actor(
    policy: Policy[Observation, Action] | None,
    demonstration: Demonstration[Observation, Action],
    task: StackingTask,
    robot: Robot,
    scenes: int,
    seed: int,
) -> Actor[Observation, Action]:
    """The policy in so many scenes, which were all shown the same; without one, the expert."""
    if policy is None:
        return StackingExpert([task] * scenes, ExpertConfig(robot.gripper))
    policy.reset_batch([demonstration] * scenes, [seed] * scenes)
    return policy


def _right(states: ProbeStates, world: KinematicWorld) -> BoolArray:
    """``[N]`` whether the hand has the block to pick, or the one it had stands where it belongs."""
    rows, held, had = np.arange(len(states.stage)), world.hand.held, states.hand.held
    on = stacked_on(world.scene.block_positions, NOMINAL)[rows, had]  # what the block that it had stands on
    well = np.where(states.doing == Doing.PLACE, on[rows, states.target], ~on.any(-1))
    right: BoolArray = np.where(states.doing == Doing.PICK, held == states.source, (held < 0) & well)
    return right


def _stood_still(path: Sequence[HandState]) -> BoolArray:
    """``[N]`` whether hands, leading ``[N]`` at each step, were at rest in the last ``STILL`` of these steps."""
    last = HandState.stack(path[-STILL:])
    within, turned = REST
    still: BoolArray = (np.ptp(last.position, axis=0) < within).all(-1) & (np.ptp(last.yaw, axis=0) < turned)
    return still


def _describe(task: StackingTask, group: int, state: ProbeStates, outcome: int) -> dict[str, Any]:
    """One state, metres and radians in the base frame."""
    return {
        "outcome": Outcome(outcome).name.lower(),
        "task": str(task),
        "stage": int(state.stage),
        "group": group,
        "doing": Doing(int(state.doing)).name.lower(),
        "held": int(state.hand.held),
        "held_offset": state.hand.held_offset.round(4).tolist(),
        "gripper": state.hand.position.round(4).tolist(),
        "gripper_yaw": round(float(state.hand.yaw), 4),
        "opening": round(float(state.hand.opening), 4),
        "block_positions": state.scene.block_positions.round(4).tolist(),
        "block_yaws": state.scene.block_yaws.round(4).tolist(),
    }
