"""How far it goes: ``osil reproduce scaling``.

Success over the number of training tasks and of demonstrations, and over the number of blocks and the length of what is
shown, with what that costs. All in the kinematic world. What is done already is kept. Success over minutes of training
is drawn by ``osil.reproduce.learning``.
"""

from __future__ import annotations

import json
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from osil.data.demonstrate import demonstrate
from osil.data.labelled_trajectories import CollectionConfig, collect_dataset
from osil.figures.scaling import Point, draw_scaling
from osil.files import read_json, read_json_lines
from osil.policies.stacking import StackingPolicy
from osil.reproduce.comparison import EXPERIMENTS as COMPARED
from osil.reproduce.comparison import KINEMATIC, variant
from osil.reproduce.experiments import Experiment, chosen
from osil.reproduce.stacking import run_experiment
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.seeds import generator
from osil.settings import from_yaml
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks
from osil.training.run_folder import CURVE
from osil.training.stacking import StackingTraining, finish
from osil.worlds.kinematic import KinematicWorld

TASKS = (4, 12, 40)
"""Of the training tasks."""

DEMONSTRATIONS = (2, 10, 50)
"""Of each training task."""

BLOCKS = (2, 4, 6, 8, 10, 12, 15, 20)
STAGES = (1, 2, 4, 6, 8)

TOWER = 5
"""Blocks of a tower."""

AMONG = 10
"""Blocks among which so many stages are shown."""

CLOSE = 0.075
"""Distance of blocks, metres: there is no room for 20 of them otherwise."""

EPISODES = 50
"""Of a task that is judged alone."""

ACTIONS = 200
"""That are timed."""

ON_UNSEEN_TASKS, *_ = COMPARED


def in_towers(blocks: int, stages: int | None = None) -> StackingTask:
    """The first so many stages, or all, of putting up blocks in towers of ``TOWER``; the others are distractors."""
    letters = string.ascii_lowercase[:blocks]
    left = blocks if stages is None else stages
    words: list[str] = []
    for first in range(0, blocks, TOWER):
        tower = letters[first : first + TOWER]
        done = min(left, len(tower) - 1)
        left -= done
        words += [tower[: 1 + done]] if done else []
        words += [f"+{letter}" for letter in tower[1 + done if done else 0 :]]
    return StackingTask.parse(" ".join(words))


@dataclass(frozen=True)
class _Study:
    """Where things are, and how they are judged."""

    output: Path
    runs: Path
    seed: int
    jobs: int
    at_most: int | None

    def judge(self, experiment: Experiment, model: str | Path, name: str) -> Mapping[str, Any]:
        """Success of a model."""
        (wanted,) = chosen([experiment], (), self.at_most)
        report: Mapping[str, Any] = run_experiment(wanted, model, self.output / name, self.seed, self.jobs)["all"]
        return report

    def trained(self, at: int, run: str, settings: StackingTraining) -> Point:
        """A training run, on unseen tasks."""
        finish(settings, self.runs / run)
        minutes = read_json_lines(self.runs / run / CURVE)[-1]["minutes"]
        return _point(at, self.judge(ON_UNSEEN_TASKS, self.runs / run, run), {"training [min]": minutes})

    def on_task(self, at: int, name: str, model: str | Path, task: StackingTask) -> Point:
        """A model, on one task alone."""
        config = replace(KINEMATIC, spacing=CLOSE)
        experiment = Experiment(name, str(task), lambda: (task,), EPISODES, config)
        report = self.judge(experiment, model, name)
        return _point(at, report, _once(self.output / f"{name}_costs.json", lambda: costs_of(model, task, self.seed)))

    def dataset(self, episodes: int) -> Path:
        """Folder of so many trajectories of each training task."""
        folder = self.runs / f"demonstrations_{episodes}"
        config = CollectionConfig(seed=self.seed)
        for _ in collect_dataset(config, load_tasks("train"), episodes, folder, self.jobs):
            pass
        return folder


def reproduce(model: str | Path, output: Path, runs: Path, seed: int, jobs: int, at_most: int | None = None) -> None:
    """Train and judge what is missing, and write a table and a figure, again after every curve.

    Args:
        model: folder or name of the model that is judged over blocks and stages.
        output: folder of records, table and figure.
        runs: folder of data sets and training runs.
        seed: chooses data sets and episodes.
        jobs: processes.
        at_most: episodes of each task, for a first look; None: as many as each experiment asks for.
    """
    base = from_yaml(StackingTraining, resource_path("config", "training", "stacking_comparison.yaml"))
    study = _Study(output, runs, seed, jobs, at_most)
    studied: dict[str, Callable[[], list[Point]]] = {
        "training tasks": lambda: over_tasks(study, base),
        "demonstrations of each task": lambda: over_demonstrations(study, base),
        "blocks, in towers of five": lambda: over(study, model, "blocks", {n: in_towers(n) for n in BLOCKS}),
        "stages, among ten blocks": lambda: over(study, model, "stages", {n: in_towers(AMONG, n) for n in STAGES}),
    }
    curves: dict[str, list[Point]] = {}
    for label, points in studied.items():
        curves[label] = points()
        _write(curves, output)


def over(study: _Study, model: str | Path, what: str, tasks: Mapping[int, StackingTask]) -> list[Point]:
    """A model on one task after the other."""
    return [study.on_task(at, f"{what}_{at}", model, task) for at, task in tasks.items()]


def over_tasks(study: _Study, base: StackingTraining) -> list[Point]:
    """Trained on some of the tasks, and on all: that is the comparison's run."""
    points = [study.trained(count, f"tasks_{count}", replace(base, tasks=count)) for count in TASKS]
    return [*points, study.trained(len(load_tasks("train", base.max_blocks)), "dagger", base)]


def over_demonstrations(study: _Study, base: StackingTraining) -> list[Point]:
    """Behavioral cloning of so many collected trajectories of each task, and of nothing else."""
    cloned, points = variant(base, "bc"), []
    for count in DEMONSTRATIONS:
        sampling = replace(cloned.sampling, dataset=str(study.dataset(count)), stored_share=1.0)
        settings = replace(cloned, sampling=sampling)
        points.append(study.trained(count, f"demonstrations_{count}_trained", settings))
    return points


def costs_of(model: str | Path, task: StackingTask, seed: int) -> dict[str, float]:
    """Processor time to collect one demonstration of a task, to take it in, and to act, on one core."""
    policy, robot, rng = StackingPolicy.load(model), load_robot("fetch"), generator("demonstrate", seed)
    scene = robot.at_table("any", CLOSE).table.random_scene(task.num_blocks, rng)[None]
    start = time.process_time()
    (shown,), _ = demonstrate(KinematicWorld(rng, robot), [task], scene)
    collecting = time.process_time() - start
    start = time.process_time()
    policy.reset(shown)
    taking_in, acting = time.process_time() - start, []
    for step in range(ACTIONS):
        start = time.process_time()
        policy.act(shown.observations[step % len(shown)])
        acting.append(time.process_time() - start)
    seconds = {"collecting": collecting, "taking in": taking_in, "acting": float(np.median(acting))}
    return {f"{name} [ms]": 1e3 * one for name, one in seconds.items()}


def _point(at: int, group: Mapping[str, Any], costs: Mapping[str, float]) -> Point:
    return Point(at, group["rate"], tuple(group["wilson_95"]), costs)


def _once(path: Path, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """What was measured before, or is now."""
    if not path.exists():
        path.write_text(json.dumps(measure()) + "\n", encoding="utf-8")
    found: dict[str, float] = read_json(path)
    return found


def _write(curves: Mapping[str, list[Point]], output: Path) -> None:
    text = ["# How far it goes", "", "Made by `osil reproduce scaling`. Success with its Wilson 95 % interval."]
    for label, points in curves.items():
        names = list(points[0].costs)
        text += ["", f"| {label} | success | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
        for point in points:
            low, high = point.interval
            costs = " | ".join(f"{point.costs[name]:.3g}" for name in names)
            text.append(f"| {point.at} | {point.rate:.1%} ({low:.1%} to {high:.1%}) | {costs} |")
    (output / "scaling.md").write_text("\n".join([*text, ""]), encoding="utf-8")
    draw_scaling(curves, output / "scaling.png")
