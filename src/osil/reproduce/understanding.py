"""How far a policy can be believed when it says what it understood: how often it is right, and how sure it is then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import delayed
from tqdm import tqdm

from osil.choices import TeacherKind, names
from osil.core import Demonstration
from osil.data.kinematic_episodes import collect
from osil.data.teachers import make_teacher
from osil.demonstrations.fitness import is_fit
from osil.evaluation.intervals import wilson
from osil.evaluation.versions import versions
from osil.experts.stacking import ExpertConfig
from osil.figures.understanding import draw_reliability
from osil.policies.stacking import StackingPolicy
from osil.policies.understanding import UnderstoodStage
from osil.robots.robot import load_robot
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks
from osil.workers import in_processes

DEMONSTRATIONS = 12
"""Of each test task by each teacher."""

NOISE = (0.0, 0.002, 0.005, 0.010)
"""Standard deviations of the tracker, metres, in turn. The last ones are far beyond what a tracker does."""

BINS = 20
"""Of confidence, between 0 and 1."""

RESULT, FIGURE = "understanding.json", "understanding.png"


@dataclass(frozen=True)
class Reading:
    """What a policy understood of one demonstration.

    Attributes:
        task: what was shown.
        teacher: who showed it.
        noise: of the tracker, metres.
        refused: whether the policy does not take it.
        sure: confidence of each stage understood.
        right: whether each of them is a stage of the task.
        whole: whether they are the task's stages, all and in order.
    """

    task: str
    teacher: TeacherKind
    noise: float
    refused: bool
    sure: tuple[float, ...]
    right: tuple[bool, ...]
    whole: bool


def reproduce(model: str | Path, output: Path, seed: int, jobs: int) -> None:
    """Have demonstrations of the test tasks understood; write ``understanding.json`` and ``understanding.png``.

    Args:
        model: a model folder or a released model.
        output: where results go.
        seed: chooses the demonstrations.
        jobs: processes.

    Raises:
        ModelError: the policy cannot be loaded.
    """
    policy = StackingPolicy.load(model)
    asked = [(task, kind) for task in load_tasks("test") for kind in names(TeacherKind)]
    work = in_processes((delayed(_read)(model, *each, seed, number) for number, each in enumerate(asked)), jobs)
    readings = [one for some in tqdm(work, total=len(asked), unit="task") for one in some]
    reliability = _reliability(readings)
    report = {
        "model": policy.info,
        "seed": seed,
        "reliability": reliability,
        "by_noise": {f"{noise:g}": _summary(one for one in readings if one.noise == noise) for noise in NOISE},
        "demonstrations": [vars(one) for one in sorted(readings, key=lambda one: min(one.sure, default=0.0))],
        "versions": versions(),
    }
    output.mkdir(parents=True, exist_ok=True)
    (output / RESULT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    confidence, stages, rate, limits = reliability.values()
    draw_reliability(confidence, stages, rate, limits, output / FIGURE)


def _read(model: str | Path, task: StackingTask, kind: TeacherKind, seed: int, number: int) -> list[Reading]:
    policy, robot = StackingPolicy.load(model), load_robot("fetch").at_table("any")
    least = policy.config.least_confidence
    policy.config = replace(policy.config, least_confidence=0.0)  # to hear of what it would refuse, too
    tasks, rng = [task] * DEMONSTRATIONS, generator("test", seed, number)
    teacher = None if kind == "expert" else make_teacher(kind, tasks, rng, ExpertConfig(robot.gripper))
    episodes = collect(tasks, rng, robot, teacher=teacher)
    found = []
    for index in np.flatnonzero(episodes.success):
        noise = NOISE[index % len(NOISE)]
        shown = episodes.demonstration(int(index))
        seen = shown.observations
        positions = seen.block_positions + rng.normal(0.0, noise, seen.block_positions.shape)
        noisy = Demonstration(type(seen)(positions, seen.gripper_opening, seen.block_yaws), shown.actions)
        understood: tuple[UnderstoodStage, ...] = ()
        if is_fit(noisy):
            policy.reset(noisy, seed=int(index))
            understood = policy.understood
        pairs = tuple((stage.source, stage.target) for stage in understood)
        sure = tuple(stage.confidence for stage in understood)
        right = tuple(pair in task.stages for pair in pairs)
        found.append(Reading(str(task), kind, noise, not sure or min(sure) < least, sure, right, pairs == task.stages))
    return found


def _reliability(readings: Sequence[Reading]) -> dict[str, list[Any]]:
    """Over all stages, by ranges of confidence in which there are any: the arguments of ``draw_reliability``."""
    sure = np.array([each for one in readings for each in one.sure])
    right = np.array([each for one in readings for each in one.right], dtype=bool)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    some = np.unique(bins)
    stages, rightly = ([int((bins[rows] == each).sum()) for each in some] for rows in (slice(None), right))
    return {
        "confidence": ((some + 0.5) / BINS).tolist(),
        "stages": stages,
        "rate": [hits / count for hits, count in zip(rightly, stages, strict=True)],
        "wilson_95": [wilson(hits, count) for hits, count in zip(rightly, stages, strict=True)],
    }


def _summary(readings: Iterable[Reading]) -> dict[str, Any]:
    """How many demonstrations were refused, how many of the others were understood as a whole, and how sure the policy
    was of the least sure stage of each."""
    some = list(readings)
    refused, taken = sum(one.refused for one in some), [one for one in some if not one.refused]
    whole = sum(one.whole for one in taken)
    least = [min(one.sure, default=0.0) for one in some]
    return {
        "demonstrations": len(some),
        "refused": refused,
        "refused_wilson_95": list(wilson(refused, len(some))),
        "understood": whole,
        "understood_wilson_95": list(wilson(whole, len(taken))),
        "least_sure": dict(zip(("0.5 %", "5 %", "50 %"), np.quantile(least, (0.005, 0.05, 0.5)).tolist(), strict=True)),
    }
