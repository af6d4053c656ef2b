"""How fast the contact-physics world runs on one core, headless, over the number of blocks.

    python benchmarks/simulation.py [--steps N]

The scripted expert builds one tower of all blocks, so that the arm moves, grasps and places throughout. Counted is the
processor time of the world alone, so that other programs on the machine do not matter.
"""

from __future__ import annotations

import argparse
import platform
import string
import time
from pathlib import Path

import numpy as np

from osil.core import CONTROL_PERIOD
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask
from osil.worlds.pybullet import PyBulletWorld

FETCH = load_robot("fetch")
EXPERT = ExpertConfig(FETCH.gripper)


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def seconds_per_step(num_blocks: int, steps: int) -> tuple[float, float]:
    """Processor seconds of a control step and of a reset."""
    rng = np.random.default_rng(0)
    world = PyBulletWorld(FETCH, num_blocks, rng)
    expert = StackingExpert(StackingTask.parse(string.ascii_lowercase[:num_blocks]), EXPERT)
    scene = FETCH.table.random_scene(num_blocks, rng)
    start = time.process_time()
    observation = world.reset(scene)
    reset = time.process_time() - start
    total = 0.0
    for _ in range(steps):
        action = expert.act(observation)
        start = time.process_time()
        observation = world.step(action)
        total += time.process_time() - start
    world.close()
    return total / steps, reset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="control steps for each number of blocks")
    steps = parser.parse_args().steps
    print(f"{processor()}, Python {platform.python_version()}, {platform.system()}")
    print(f"{'blocks':>6}  {'control steps/s':>15}  {'times real time':>15}  {'reset [ms]':>10}")
    for num_blocks in (2, 4, 6, 8, 10):
        step, reset = seconds_per_step(num_blocks, steps)
        print(f"{num_blocks:6d}  {1 / step:15.0f}  {CONTROL_PERIOD / step:15.1f}  {1000 * reset:10.2f}")


if __name__ == "__main__":
    main()
