"""Every number of block stacking by one command: ``osil reproduce stacking``. What is done already is kept.

Each experiment has a file of records, to which a line is added for the episodes of a task. A run that was interrupted
goes on with what is missing, and so does one that now asks for more episodes. Tables and figures are made from the
records, and the same records always give the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from osil.errors import ConfigError
from osil.evaluation.episodes import Case, EpisodeResult
from osil.evaluation.evaluate import EXPERT, describe, load, run_cases
from osil.files import add_json_line, read_json, read_json_lines
from osil.reproduce.experiments import CHANGED, EXPERIMENTS, RECOVERY, SCENES, Experiment, chosen
from osil.reproduce.stacking_tables import draw, permutations_table, stages_table, summary_table
from osil.settings import differences
from osil.tasks.block_stacking import StackingTask
from osil.workers import within_cores
from osil.worlds.judge import Outcome

EPISODES_AT_ONCE = 8
"""Episodes for each process between two lines of records: what an interruption costs at most."""

DRAWN = {
    "expert_test": "Scripted expert",
    "test": "Policy",
    "human": "Human-like demonstrations",
    "parallel": "All cubes parallel",
}
"""Experiments in the figures and their labels there."""


def reproduce(
    model: str | Path, output: Path, seed: int, jobs: int, names: Sequence[str] = (), at_most: int | None = None
) -> None:
    """Run what is missing and write tables and figures, again after every experiment.

    Args:
        model: folder or name of the model.
        output: folder of records, reports, tables and figures.
        seed: chooses the episodes.
        jobs: processes.
        names: of the experiments to run; none: all.
        at_most: episodes of each task, for a first look; None: as many as each experiment asks for.

    Raises:
        ConfigError: an unknown name, or records that another model or seed has left in ``output``.
        ModelError: the model cannot be loaded.
    """
    for experiment in chosen(EXPERIMENTS, names, at_most):
        run_experiment(experiment, model, output, seed, jobs)
        write_results(output)


def run_experiment(experiment: Experiment, model: str | Path, output: Path, seed: int, jobs: int) -> dict[str, Any]:
    """Run the episodes that ``output`` has no records of, and report on all, there too. Arguments as for ``reproduce``.

    ``model`` may also be what has no folder, see ``osil.evaluation.evaluate.load``.
    """
    judged = EXPERT if experiment.expert else model
    policy = load(judged, experiment.config.arm.gripper)
    header = {
        "model": policy.info.get("digest", policy.info["name"]) if policy else EXPERT,
        "seed": seed,
        **experiment.config.as_dict(),
    }
    path = output / "records" / f"{experiment.name}.jsonl"
    done = _read(path, header)
    for tasks in _portions(experiment, done, jobs):
        cases = [Case(task, n, seed) for task in tasks for n in range(len(done[str(task)]), experiment.episodes)]
        new = run_cases(judged, experiment.config, cases, jobs, label=f"{experiment.name}: {tasks[0]} ...")
        for task in tasks:
            episodes = sorted((one for one in new if one.case.task == task), key=lambda one: one.case.number)
            _append(path, {"task": str(task), "episodes": [_plain(episode) for episode in episodes]})
            done[str(task)] += episodes
    episodes = [episode for group in done.values() for episode in group]
    most = max(len(group) for group in done.values())
    report = {"title": experiment.title, **describe(judged, experiment.config, seed, most, episodes)}
    (output / f"{experiment.name}.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _portions(experiment: Experiment, done: dict[str, list[EpisodeResult]], jobs: int) -> Iterator[list[StackingTask]]:
    """The tasks within reach of which episodes are missing, so many at once that there is work for every process."""
    portion: list[StackingTask] = []
    missing = 0
    for task in filter(experiment.config.reaches, experiment.tasks()):
        lacks = experiment.episodes - len(done.setdefault(str(task), []))
        if lacks > 0:
            portion.append(task)
            missing += lacks
        if missing >= EPISODES_AT_ONCE * within_cores(jobs):
            yield portion
            portion, missing = [], 0
    if portion:
        yield portion


def _read(path: Path, header: dict[str, Any]) -> dict[str, list[EpisodeResult]]:
    """The episodes recorded so far by task; begins the file if there is none."""
    if not path.exists():
        _append(path, header)
        return {}
    first, *lines = read_json_lines(path) or [{}]
    if other := differences(first, json.loads(json.dumps(header))):
        raise ConfigError(f"{path} holds records of another run: {other}; choose another output folder")
    done: dict[str, list[EpisodeResult]] = {}
    for line in lines:
        episodes = [_episode(line["task"], one, header["seed"]) for one in line["episodes"]]
        done.setdefault(line["task"], []).extend(episodes)
    return done


def _append(path: Path, line: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    add_json_line(path, line)


def _plain(episode: EpisodeResult) -> dict[str, Any]:
    kept = ("steps", "stages_done", "in_order", "redrawn", "disturbed", "seen_reached", "stood_still")
    values = {name: getattr(episode, name) for name in kept}
    return {"number": episode.case.number, "outcome": episode.outcome.value, **values}


def _episode(task: str, values: dict[str, Any], seed: int) -> EpisodeResult:
    rest = {name: value for name, value in values.items() if name not in ("number", "outcome")}
    return EpisodeResult(Case(StackingTask.parse(task), values["number"], seed), Outcome(values["outcome"]), **rest)


def write_results(output: Path) -> None:
    """Write ``tables.md`` and the figures from the reports in ``output``."""
    paths = {experiment.name: output / f"{experiment.name}.json" for experiment in EXPERIMENTS}
    reports = {name: read_json(path) for name, path in paths.items() if path.exists()}
    text = ["# Block stacking, all tables", "", "Made by `osil reproduce stacking`. Success of whole episodes.", ""]
    for name, table, row in (
        ("test", "success_test_tasks", "dagger"),
        ("human", "success_test_tasks", "dagger"),
        ("expert_test", "success_test_tasks", "scripted_expert"),
        ("train", "success_training_tasks", "dagger"),
        ("expert_train", "success_training_tasks", "scripted_expert"),
    ):
        if name in reports:
            text += [f"## {_title(reports[name])}", "", stages_table(reports[name], table, row)]
    if "permutations" in reports:
        text += [f"## {_title(reports['permutations'])}", "", permutations_table(reports["permutations"])]
    for name in ("more_blocks", "twenty_blocks"):
        if name in reports:
            by_task = {task: {"all": group} for task, group in reports[name]["by_task"].items()}
            text += [f"## {_title(reports[name])}", "", summary_table(by_task)]
    for heading, some in (("Scenes", SCENES), ("Recovery", RECOVERY), ("Changed conditions", CHANGED)):
        if summarised := {_title(reports[name]): reports[name] for name in ("test", *some) if name in reports}:
            text += [f"## {heading}", "", summary_table(summarised)]
    (output / "tables.md").write_text("\n".join(text), encoding="utf-8")
    drawn = {label: reports[name] for name, label in DRAWN.items() if name in reports}
    if drawn:
        draw(drawn, output)


def _title(report: dict[str, Any]) -> str:
    title: str = report["title"]
    return title[0].upper() + title[1:]
