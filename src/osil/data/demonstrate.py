"""Demonstrations by the scripted expert or by a human-like teacher, in any block-stacking world."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from joblib import delayed

from osil.choices import TeacherKind, WorldKind
from osil.core import Action, BoolArray, Demonstration, Observation, Scene
from osil.data.making import claim
from osil.data.teachers import Teacher, make_teacher
from osil.demonstrations.storage import save
from osil.errors import OsilError
from osil.experts.stacking import ExpertConfig
from osil.robots.robot import load_robot
from osil.rollout import Recorder, rollout
from osil.seeds import generator
from osil.tasks.block_stacking import STABLE_STEPS, StackingTask
from osil.workers import in_processes
from osil.worlds.judge import Judge
from osil.worlds.make_world import make_world
from osil.worlds.stacking_world import StackingWorld

MAX_ATTEMPTS = 20
"""How often a teacher may fail to demonstrate a task before whoever asked for it gives up."""


class Lingering:
    """Observer that lets a judge decide, and is done a while after the last decision."""

    def __init__(self, judge: Judge, steps_after: int) -> None:
        self._judge = judge
        self._steps_left = steps_after

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        self._steps_left -= self._judge.done
        self._judge.on_step(observation, action, scene)

    @property
    def done(self) -> bool:
        return self._steps_left <= 0


def demonstrate(
    world: StackingWorld,
    tasks: Sequence[StackingTask],
    scene: Scene,
    teacher: Teacher | None = None,
) -> tuple[list[Demonstration[Observation, Action]], BoolArray]:
    """Let a teacher do N tasks, one in each of N scenes side by side.

    Args:
        world: with leading ``[N]``.
        tasks: N tasks of the same number of blocks.
        scene: leading ``[N]``.
        teacher: fresh, for these tasks. None: the scripted expert.

    Returns:
        N demonstrations, each ending ``teacher.steps_after`` steps after its layout was found stable, and ``[N]``
        whether each reached its layout.
    """
    teacher = teacher or make_teacher(
        "expert", tasks, np.random.default_rng(0), ExpertConfig(world.robot.gripper, blocks=world.blocks)
    )
    judge = Judge(tasks, world.robot, patience=teacher.patience, blocks=world.blocks)
    recorder = Recorder[Observation, Action]()
    linger = int(teacher.steps_after.max())
    rollout(world, teacher.actor, world.reset(scene), judge.max_steps + linger, [recorder, Lingering(judge, linger)])
    observations, actions = recorder.trajectory()
    lengths = judge.steps + STABLE_STEPS - 1 + teacher.steps_after
    shown = [Demonstration(observations[:length, n], actions[:length, n]) for n, length in enumerate(lengths)]
    return shown, judge.succeeded


def write_demonstrations(
    kind: WorldKind,
    robot: str,
    tasks: Sequence[StackingTask],
    episodes: int,
    seed: int,
    folder: Path,
    teacher: TeacherKind = "expert",
    jobs: int = 1,
) -> Iterator[tuple[int, bool]]:
    """Call ``write_demonstration`` for so many episodes of each task, ``jobs`` at once.

    Yields:
        For each file the demonstrations in it, which is 1, and whether it is new.

    Raises:
        DemonstrationError: the folder holds demonstrations that were made otherwise.
    """
    claim(folder, _making(kind, robot, seed, teacher))
    calls = (
        delayed(write_demonstration)(kind, robot, task, seed, number, folder, teacher)
        for task in tasks
        for number in range(episodes)
    )
    return ((1, is_new) for is_new in in_processes(calls, jobs))


def write_demonstration(
    kind: WorldKind,
    robot: str,
    task: StackingTask,
    seed: int,
    number: int,
    folder: Path,
    teacher: TeacherKind = "expert",
) -> bool:
    """Let a teacher do ``task`` in a random scene of its own and store it, unless the file is already there.

    Args:
        kind: of world.
        robot: that acts, a name in ``config/robots``.
        task: what to show.
        seed: of the whole collection.
        number: of this demonstration of the task, from 0; with ``seed`` and ``task`` it determines the file.
        folder: where; the file is ``TASK/NUMBER.mcap`` in it, with ``_`` for the spaces of the task string.
        teacher: who shows it.

    Returns:
        False if the file was there.

    Raises:
        DemonstrationError: the folder holds demonstrations that were made otherwise.
        OsilError: the teacher fails again and again.
    """
    claim(folder, _making(kind, robot, seed, teacher))
    path = folder / str(task).replace(" ", "_") / f"{number:05}.mcap"
    if path.exists():
        return False
    rng = generator("train", seed, zlib.crc32(str(task).encode()), number)
    with make_world(kind, load_robot(robot), task.num_blocks, rng) as world:
        expert = ExpertConfig(world.robot.gripper)
        for _ in range(MAX_ATTEMPTS):
            scene = world.robot.table.random_scene(task.num_blocks, rng)
            (demonstration,), succeeded = demonstrate(
                world, [task], scene[None], make_teacher(teacher, [task], rng, expert)
            )
            if succeeded[0]:
                save(demonstration, path, f"{task} {number}", list(ascii_lowercase[: task.num_blocks]))
                return True
    raise OsilError(f"the teacher failed {MAX_ATTEMPTS} times to demonstrate {task}; is the task possible?")


def _making(kind: WorldKind, robot: str, seed: int, teacher: TeacherKind) -> dict[str, str | int]:
    return {"format": "mcap", "world": kind, "robot": robot, "teacher": teacher, "seed": seed}
