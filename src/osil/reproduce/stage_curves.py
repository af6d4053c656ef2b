"""How each stage is learned: figure 15 of the paper, from the models that training runs kept on the way.

Each episode begins with the first stages of a training task done, in a new scene, and runs for one more stage. So every
stage is judged alike, however often a policy gets there by itself. As in the paper this tells of the trend, not of
how good a policy is in the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import delayed

from osil.core import Action, Observation, Scene
from osil.data.kinematic_episodes import collect, scenes
from osil.demonstrations.fitness import is_fit
from osil.evaluation.intervals import wilson
from osil.evaluation.versions import versions
from osil.figures.stacking import draw_stage_curves
from osil.files import read_json, read_json_lines
from osil.policies.stacking import StackingPolicy
from osil.robots.robot import Robot, load_robot
from osil.rollout import rollout
from osil.seeds import generator
from osil.tasks.arrangements import put_up
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks
from osil.training.run_folder import CURVE
from osil.training.stacking import step_folder
from osil.workers import in_processes
from osil.worlds.judge import SLACK_STEPS, STEPS_PER_STAGE, Judge
from osil.worlds.kinematic import KinematicWorld

EPISODES = 40
"""For each stage at each point of a curve."""

RECORD, FIGURE = "figure_15.json", "figure_15.png"


class OneStage:
    """Observer that is done when every world of a batch has one stage more than it began with.

    Args:
        judge: an observer that is told first.
        done_before: stages that stand at the start.
    """

    def __init__(self, judge: Judge, done_before: int) -> None:
        self._judge, self._before = judge, done_before

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        """Nothing: the judge looks."""

    @property
    def succeeded(self) -> np.ndarray:
        """``[N]`` whether one stage more stood, and was let go."""
        result: np.ndarray = self._judge.stage_steps[:, self._before] >= 0
        return result

    @property
    def done(self) -> bool:
        return bool(self.succeeded.all())


def reproduce(runs: Mapping[str, Path], output: Path, seed: int, jobs: int) -> None:
    """Judge every kept model of every run stage by stage; write ``figure_15.json`` and ``figure_15.png``.

    Args:
        runs: folders of training runs by label.
        output: where results go. Points that are there already are kept.
        seed: chooses demonstrations and scenes.
        jobs: processes.
    """
    path = output / RECORD
    record: dict[str, Any] = read_json(path) if path.exists() else {"seed": seed, "episodes_per_stage": EPISODES}
    for label, run in runs.items():
        points = record.setdefault("runs", {}).setdefault(label, {})
        minutes = {str(line["step"]): line["minutes"] for line in read_json_lines(run / CURVE)}
        missing = [step for step in minutes if step not in points and step_folder(run, int(step)).exists()]
        calls = [delayed(_judge)(step, step_folder(run, int(step)), seed) for step in missing]
        points |= {step: {"minutes": minutes[step], "stages": stages} for step, stages in in_processes(calls, jobs)}
        record["versions"] = versions()
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    draw_stage_curves(
        {
            label: {int(step): [_rate(stage) for stage in point["stages"]] for step, point in points.items()}
            for label, points in record["runs"].items()
        },
        output / FIGURE,
    )


def _rate(stage: Mapping[str, Any]) -> float:
    return float(stage["successes"] / stage["episodes"])


def _judge(step: str, folder: Path, seed: int) -> tuple[str, list[dict[str, Any]]]:
    """Of the model in ``folder``: its training step as given, and how many episodes of each stage succeeded."""
    policy = StackingPolicy.load(folder)
    single = StackingPolicy(policy.network, replace(policy.config, ensemble=1, draws=1))  # as training validates
    tasks, robot, found = load_tasks("train"), load_robot("fetch"), []
    for stage in range(max(task.num_stages for task in tasks)):
        longer = [task for task in tasks if task.num_stages > stage]
        rng = generator("test", seed, stage)  # the same for every model
        drawn = [longer[index] for index in rng.integers(0, len(longer), EPISODES)]
        successes, episodes = stage_success(single, drawn, stage, rng, robot)
        found.append({"successes": successes, "episodes": episodes, "wilson_95": wilson(successes, episodes)})
    return step, found


def stage_success(
    policy: StackingPolicy, tasks: Sequence[StackingTask], stage: int, rng: np.random.Generator, robot: Robot
) -> tuple[int, int]:
    """How many episodes succeed in one stage, of how many whose demonstration can be imitated.

    Args:
        policy: is shown the whole task.
        tasks: one for each episode, of more stages than ``stage``.
        stage: so many stages are done at the start.
        rng: of demonstrations and scenes.
        robot: at whose table.
    """
    groups = defaultdict(list)
    for task in tasks:
        groups[task.num_blocks].append(task)
    succeeded = [_of_one_size(policy, group, stage, rng, robot) for _, group in sorted(groups.items())]
    return sum(int(one.sum()) for one in succeeded), sum(len(one) for one in succeeded)


def _of_one_size(
    policy: StackingPolicy, tasks: Sequence[StackingTask], stage: int, rng: np.random.Generator, robot: Robot
) -> np.ndarray:
    """Which episodes succeed, of tasks with the same number of blocks."""
    shown = collect(tasks, rng, robot)
    demonstrations = [shown.demonstration(index) for index in range(len(tasks))]
    fit = [index for index, one in enumerate(demonstrations) if is_fit(one)]
    scene = scenes(robot.table, len(fit), tasks[0].num_blocks, rng)
    for row, index in enumerate(fit):
        put_up(scene[row], tasks[index].stages[:stage], rng)
    policy.reset_batch([demonstrations[index] for index in fit], [0] * len(fit))
    world, judge = KinematicWorld(rng, robot), Judge([tasks[index] for index in fit], robot)
    one_stage = OneStage(judge, stage)
    rollout(world, policy, world.reset(scene), SLACK_STEPS + STEPS_PER_STAGE, [judge, one_stage])
    return one_stage.succeeded
