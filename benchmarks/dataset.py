"""How fast one core collects and reads training trajectories, and how much room they take.

    python benchmarks/dataset.py [--trajectories N]

For each number of stages a task of the training list with the median number of blocks is collected; the sums are for
1000 trajectories of each of its tasks, weighted by how many have so many stages. Counted is processor time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from osil.data.dataset import Dataset
from osil.data.labelled_trajectories import CollectionConfig, collect_file
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks

PAPER = 1000
"""Trajectories of a task (section 5.2)."""


def measure(config: CollectionConfig, task: StackingTask, count: int) -> tuple[float, float, float, float]:
    """Steps of a trajectory, processor seconds to collect and to read one, and its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        collect_file(config, task, 0, count, Path(folder))
        collected = time.process_time()
        dataset = Dataset(folder)
        steps = sum(len(dataset.trajectory(task, number)) for number in range(count))
        read = time.process_time()
        (file,) = Path(folder).glob("*/*.h5")
        size = file.stat().st_size
    return steps / count, (collected - began) / count, (read - collected) / count, size / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trajectories", type=int, default=250, help="for each number of stages; PyBullet: a fiftieth")
    count = parser.parse_args().trajectories
    by_stages: dict[int, list[StackingTask]] = defaultdict(list)
    for task in load_tasks("train"):
        by_stages[task.num_stages].append(task)
    for config, number in ((CollectionConfig("kinematic"), count), (CollectionConfig("pybullet"), max(1, count // 50))):
        print(f"\n{config.world}, {number} trajectories each")
        print(f"{'stages':>6}  {'blocks':>6}  {'steps':>5}  {'a second':>8}  {'KiB':>5}  {'ms to read':>10}")
        seconds = size = 0.0
        for stages, tasks in sorted(by_stages.items()):
            task = sorted(tasks, key=lambda one: one.num_blocks)[len(tasks) // 2]
            steps, collecting, reading, room = measure(config, task, number)
            seconds, size = seconds + PAPER * len(tasks) * collecting, size + PAPER * len(tasks) * room
            numbers = f"{steps:5.0f}  {1 / collecting:8.2f}  {room / 1024:5.1f}  {1000 * reading:10.1f}"
            print(f"{stages:6d}  {task.num_blocks:6d}  {numbers}")
        total = PAPER * sum(map(len, by_stages.values()))
        print(f"{total} trajectories: {seconds / 60:.0f} minutes of one core, {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
