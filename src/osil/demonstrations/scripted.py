"""Demonstrations by the scripted expert, in any block-stacking world."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase

from osil.core import Action, BoolArray, Demonstration, Observation, Scene, World
from osil.demonstrations.storage import save
from osil.errors import OsilError
from osil.experts.stacking import StackingExpert
from osil.rollout import Recorder, rollout
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import STABLE_STEPS, Judge
from osil.worlds.opening import WorldKind, open_world
from osil.worlds.table import Table

STEPS_AFTER = 12
"""Control steps for which a demonstration goes on after its layout was found stable."""

MAX_ATTEMPTS = 20
"""So often the expert may fail to demonstrate a task before its caller gives up."""


class Lingering:
    """Observer that lets a judge decide, and is done ``STEPS_AFTER`` steps after the last decision."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._steps_left = STEPS_AFTER

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        self._steps_left -= self._judge.done
        self._judge.on_step(observation, action, scene)

    @property
    def done(self) -> bool:
        return self._steps_left <= 0


def demonstrate(
    world: World[Observation, Action, Scene], tasks: Sequence[StackingTask], scene: Scene
) -> tuple[list[Demonstration[Observation, Action]], BoolArray]:
    """Let the scripted expert do N tasks, one in each of N scenes side by side.

    Returns:
        N demonstrations, each ending ``STEPS_AFTER`` steps after its layout was found stable, and ``[N]`` whether
        each reached its layout.
    """
    judge, recorder = Judge(tasks), Recorder[Observation, Action]()
    limit = judge.max_steps + STEPS_AFTER
    rollout(world, StackingExpert(tasks), world.reset(scene), limit, [recorder, Lingering(judge)])
    observations, actions = recorder.trajectory()
    lengths = judge.steps + STABLE_STEPS - 1 + STEPS_AFTER
    shown = [Demonstration(observations[:length, n], actions[:length, n]) for n, length in enumerate(lengths)]
    return shown, judge.succeeded


def write_demonstration(kind: WorldKind, task: StackingTask, seed: int, number: int, folder: Path) -> bool:
    """Let the expert do ``task`` in a random scene of its own and store it, unless the file is already there.

    Args:
        kind: of world.
        task: what to show.
        seed: of the whole collection.
        number: of this demonstration of the task, from 0; with ``seed`` and ``task`` it determines the file.
        folder: where; the file is ``TASK/NUMBER.mcap`` in it, with ``_`` for the spaces of the task string.

    Returns:
        False if the file was there.

    Raises:
        OsilError: the expert fails again and again.
    """
    path = folder / str(task).replace(" ", "_") / f"{number:05}.mcap"
    if path.exists():
        return False
    rng = generator("train", seed, zlib.crc32(str(task).encode()), number)
    with open_world(kind, task.num_blocks, rng) as world:
        for _ in range(MAX_ATTEMPTS):
            scene = Table().random_scene(task.num_blocks, rng)
            (demonstration,), succeeded = demonstrate(world, [task], scene[None])
            if succeeded[0]:
                save(demonstration, path, f"{task} {number}", list(ascii_lowercase[: task.num_blocks]))
                return True
    raise OsilError(f"the expert failed {MAX_ATTEMPTS} times to demonstrate {task}; is the task possible?")
