"""How long a policy takes for an action, over blocks, length of the demonstration and size of the ensemble.

    python benchmarks/policy.py [MODEL]

Without MODEL a network of the default size with random weights is timed: the time does not depend on them.
"""

from __future__ import annotations

import argparse
import string
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from osil import Action, Demonstration, Observation
from osil.data.demonstrate import demonstrate
from osil.networks.stacking import StackingNetwork
from osil.policies.stacking import PolicyConfig, StackingPolicy
from osil.robots.robot import load_robot
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask
from osil.tasks.blocks import NOMINAL
from osil.worlds.make_world import make_world

FETCH = load_robot("fetch")

BLOCKS = (2, 4, 6, 8, 10, 12, 16)
ENSEMBLES = (1, 10)
STAGES = (1, 2, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="folder of a model")
    model = parser.parse_args().model
    torch.set_num_threads(1)
    config = PolicyConfig()
    policy = StackingPolicy.load(model) if model else StackingPolicy(StackingNetwork(config.network), config)

    print("medians in milliseconds of processor time, one thread")
    print(f"{'blocks':>6} {'stages':>6} {'steps':>6} {'frames':>6}", end="")
    print("".join(f"   reset({n:2}) act({n:2})" for n in ENSEMBLES))
    for task in [*(pairs(blocks) for blocks in BLOCKS), *(tower(10, stages) for stages in STAGES)]:
        shown = demonstration(task)
        row = ""
        for ensemble in ENSEMBLES:
            embed, act, frames = times(policy, ensemble, shown)
            row += f"   {embed:9.1f} {act:7.2f}"
        print(f"{task.num_blocks:6} {task.num_stages:6} {len(shown):6} {frames:6}{row}")


def pairs(blocks: int) -> StackingTask:
    """Every second block on its neighbour: ``ab cd ef``."""
    return StackingTask(blocks, tuple((block, block + 1) for block in range(0, blocks - 1, 2)))


def tower(blocks: int, stages: int) -> StackingTask:
    """One tower, and the other blocks as distractors."""
    letters = string.ascii_lowercase[:blocks]
    return StackingTask.parse(" ".join([letters[: stages + 1], *(f"+{letter}" for letter in letters[stages + 1 :])]))


def demonstration(task: StackingTask) -> Demonstration[Observation, Action]:
    """By the scripted expert, in the kinematic world."""
    rng = generator("demonstrate", 0)
    table = replace(FETCH.table, spacing=0.075)  # closer than elsewhere, for many blocks: only the time matters here
    with make_world("kinematic", FETCH, task.num_blocks, rng) as world:
        (shown,), _ = demonstrate(world, [task], table.random_scene(task.num_blocks, rng)[None])
    return shown


def times(policy: StackingPolicy, ensemble: int, shown: Demonstration[Observation, Action]) -> tuple[float, float, int]:
    """Milliseconds to take in a demonstration and to act, and the number of frames that were kept."""
    policy.config = replace(policy.config, ensemble=ensemble)
    observation = shown.observations[0]
    embed = median(lambda: policy.reset(shown), 5)
    act = median(lambda: policy.act(observation), 100)
    frames = policy.config.conditioning.frames(shown.observations, np.random.default_rng(0), NOMINAL)
    return embed, act, len(frames)


def median(call: Callable[[], object], repetitions: int) -> float:
    """Median milliseconds of processor time of a call, so that other programs on the machine do not matter."""
    call()
    seconds = []
    for _ in range(repetitions):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return 1000.0 * float(np.median(seconds))


if __name__ == "__main__":
    main()
