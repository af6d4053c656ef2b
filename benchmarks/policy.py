"""How long a policy takes for an action, over blocks, length of the demonstration and size of the ensemble.

    python benchmarks/policy.py [MODEL]

A model that was exported acts with ONNX Runtime; beside that stands what PyTorch takes for the same. Without MODEL a
network of the default size with random weights is timed, by PyTorch alone: the time does not depend on the weights.
"""

from __future__ import annotations

import argparse
import string
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import cycle

import numpy as np
import torch

from osil import Action, Demonstration, Observation
from osil.core import FloatArray
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
    policies = {"": policy}
    if model:
        policies["torch "] = StackingPolicy(policy.network, policy.config)

    print("milliseconds of processor time, one thread; reset: median, act: percentiles 50, 99 and 99.9")
    print(f"{'blocks':>6} {'stages':>6} {'steps':>6} {'frames':>6}   {'reset':>7}", end="")
    print("".join(f"   {f'{name}act({n})':>21}" for n in ENSEMBLES for name in policies))
    for task in [*(pairs(blocks) for blocks in BLOCKS), *(tower(10, stages) for stages in STAGES)]:
        shown = demonstration(task)
        (embed,) = percentiles(partial(policy.reset, shown), 5, (50.0,))
        columns = [times(one, ensemble, shown) for ensemble in ENSEMBLES for one in policies.values()]
        acts = "".join(f"   {act[0]:7.2f}{act[1]:7.2f}{act[2]:7.2f}" for act in columns)
        frames = len(policy.config.conditioning.frames(shown.observations, np.random.default_rng(0), NOMINAL))
        print(f"{task.num_blocks:6} {task.num_stages:6} {len(shown):6} {frames:6}   {embed:7.1f}{acts}")


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


def times(policy: StackingPolicy, ensemble: int, shown: Demonstration[Observation, Action]) -> FloatArray:
    """Milliseconds to act, three percentiles, where all goes as in the demonstration."""
    policy.config = replace(policy.config, ensemble=ensemble)
    policy.reset(shown)
    seen = cycle([shown.observations[step] for step in range(len(shown))])
    return percentiles(lambda: policy.act(next(seen)), 1000, (50.0, 99.0, 99.9))


def percentiles(call: Callable[[], object], repetitions: int, ranks: tuple[float, ...]) -> FloatArray:
    """Percentiles in milliseconds of processor time of a call, so that other programs on the machine matter little."""
    call()
    seconds = []
    for _ in range(repetitions):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    found: FloatArray = 1000.0 * np.percentile(seconds, ranks)
    return found


if __name__ == "__main__":
    main()
