"""Collects data sets of labelled trajectories (section 5.2: 1000 a task), in any block-stacking world, a file a job.

Noise is injected as in the paper: the executed action is disturbed, its label is not (footnote 3). The paper draws the
standard deviation for each trajectory from {0, 0.001, 0.01} units of its actions, which are displacements; it does not
say what a unit is. With metres, ``paper`` is the same. ``mixed`` is what our policies learn from: {0, 1, 3} mm, more of
it where the motion is fast, now and then a burst that drags the gripper away or works the fingers the wrong way, and
in half of the trajectories actions that act one control step late. So there are answers to dropped, shoved and wrong
blocks.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from joblib import delayed

from osil.choices import NoiseKind, TeacherKind, WorldKind
from osil.core import Action, Demonstration, Observation
from osil.data.dataset import Trajectory, TrajectoryFile, write
from osil.data.demonstrate import MAX_ATTEMPTS, demonstrate
from osil.data.kinematic_episodes import STEPS_AFTER, at_rest, scenes
from osil.data.making import check, claim
from osil.data.teachers import make_teacher
from osil.errors import OsilError
from osil.experts.noise import NoiseConfig, NoisyActor
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.robots.robot import load_robot
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask
from osil.workers import in_processes
from osil.worlds.latency import LateWorld
from osil.worlds.make_world import make_world

NOISE: dict[NoiseKind, NoiseConfig] = {
    "mixed": NoiseConfig(),
    "paper": NoiseConfig(scales=(0.0, 0.001, 0.01), relative=0.0, burst_rate=0.0),
    "none": NoiseConfig(scales=(0.0,)),
}

USUAL_NOISE: dict[TeacherKind, NoiseKind] = {"expert": "mixed", "human": "none"}
"""People make mistakes of their own."""

LATE: dict[NoiseKind, float] = {"mixed": 0.5, "paper": 0.0, "none": 0.0}
"""Share of the trajectories in which actions act one control step late."""

FILE_SIZE: dict[WorldKind, int] = {"kinematic": 250, "pybullet": 20}
"""Trajectories in a file, which one job collects: seconds of work in the kinematic world, minutes in PyBullet."""

SIDE_BY_SIDE: dict[WorldKind, int] = {"kinematic": 256, "pybullet": 1}
"""Trajectories collected at once. More than a file holds, because some fail."""


@dataclass(frozen=True)
class CollectionConfig:
    """How the trajectories of a data set are made.

    Attributes:
        world: where.
        robot: that acts, a name in ``config/robots``.
        teacher: who shows the tasks; the labels are the scripted expert's in any case.
        noise: how the teacher's actions are disturbed.
        seed: of the data set. Equal configurations give equal files.
    """

    world: WorldKind = "kinematic"
    robot: str = "fetch"
    teacher: TeacherKind = "expert"
    noise: NoiseKind = "mixed"
    seed: int = 0


def collect_dataset(
    config: CollectionConfig, tasks: Sequence[StackingTask], episodes: int, folder: Path, jobs: int
) -> Iterator[tuple[int, bool]]:
    """Collect so many trajectories of each task. Files that are already there are kept, so the same call resumes.

    Args:
        config: how.
        tasks: what is shown.
        episodes: trajectories of each.
        folder: of the data set, see ``osil.data.dataset``.
        jobs: how many files are made at once. By joblib: ``joblib.parallel_config`` says where.

    Yields:
        For each file the trajectories in it, and whether it is new.

    Raises:
        DemonstrationError: the folder or a file in it was made otherwise, a file is damaged, or cannot be written.
    """
    claim(folder, _making(config))
    size = FILE_SIZE[config.world]
    wanted = [
        (task, number, min(size, episodes - first))
        for number, first in enumerate(range(0, episodes, size))
        for task in tasks
    ]
    calls = (delayed(collect_file)(config, task, number, count, folder) for task, number, count in wanted)
    yield from in_processes(calls, jobs)


def collect_file(
    config: CollectionConfig, task: StackingTask, number: int, count: int, folder: Path
) -> tuple[int, bool]:
    """Collect the trajectories of one file, unless it is there and has as many. See ``collect_dataset``."""
    claim(folder, _making(config))
    path = folder / str(task).replace(" ", "_") / f"{number:05}.h5"
    if path.exists():
        there = TrajectoryFile(path)
        check(path, there.made, asdict(config))
        if len(there) >= count:
            return count, False
    rng = generator("train", config.seed, zlib.crc32(str(task).encode()), number)
    write(path, task, _trajectories(config, task, count, rng), asdict(config))
    return count, True


def _making(config: CollectionConfig) -> dict[str, str | int]:
    return {"format": "hdf5", **asdict(config)}


def _trajectories(
    config: CollectionConfig, task: StackingTask, count: int, rng: np.random.Generator
) -> list[Trajectory]:
    """The first ``count`` that end with the layout."""
    done: list[Trajectory] = []
    with make_world(config.world, load_robot(config.robot), task.num_blocks, rng) as world:
        expert = ExpertConfig(world.robot.gripper)
        for _ in range(MAX_ATTEMPTS * count):
            spare = 2 + count // 50
            tasks = [task] * min(SIDE_BY_SIDE[config.world], count - len(done) + spare)
            teacher = make_teacher(config.teacher, tasks, rng, expert)
            late = LateWorld(world, (rng.random(len(tasks)) < LATE[config.noise]).astype(int))
            noisy = replace(teacher, actor=NoisyActor(teacher.actor, NOISE[config.noise], len(tasks), rng))
            scene = scenes(world.robot.table, len(tasks), task.num_blocks, rng)
            shown, succeeded = demonstrate(late, tasks, scene, noisy)
            good = [one for one, success in zip(shown, succeeded, strict=True) if success]
            done += [_labelled(one, task, config.teacher, expert) for one in good]
            if len(done) >= count:
                return done[:count]
    raise OsilError(f"the teacher failed again and again to demonstrate {task}; is the task possible?")


def _labelled(
    shown: Demonstration[Observation, Action], task: StackingTask, teacher: TeacherKind, config: ExpertConfig
) -> Trajectory:
    """What the expert, who has no memory, would have done at each step."""
    seen = shown.observations
    expert = StackingExpert([task] * len(shown), config)
    labels, (source, target) = expert.act(seen), expert.attended(seen)
    idle = at_rest(labels, source)
    # An expert that rests has no more to say; that a person rests is a part of what people show.
    end = int(idle.argmax()) + 1 + STEPS_AFTER if teacher == "expert" and idle.any() else len(shown)
    return Trajectory(seen, labels, source, target)[:end]
