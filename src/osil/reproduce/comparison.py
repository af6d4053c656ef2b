"""The paper's comparisons by one command: what a policy is shown, how it is trained, how large its ensemble is.

``osil reproduce comparison``: tables 3 to 5 and 7 to 11, figures 9, 11, 12 and 15. Judged in the kinematic world, where
many episodes cost little and what is compared shows undisturbed; then in contact physics. What is done already is kept.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from osil.demonstrations.conditioning import Kind
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.policies.stacking import StackingPolicy, save_policy
from osil.reproduce import stage_curves
from osil.reproduce.experiments import Experiment, chosen
from osil.reproduce.stacking import run_experiment
from osil.reproduce.stacking_tables import comparison_table, draw
from osil.resources import resource_path
from osil.settings import from_yaml
from osil.tasks.splits import load_tasks
from osil.training.stacking import StackingTraining, finish

VARIANTS = {"dagger": "DAGGER", "bc": "BC", "snapshots": "Snapshot", "final_state": "Final state"}
"""Compared policies, and as the paper calls them."""

EXPERT = "Scripted expert"

ENSEMBLES = (1, 2, 5, 10, 20)

KINEMATIC = EvaluationConfig(world="kinematic")
EXPERIMENTS = (
    Experiment("test", "test tasks, kinematic world", lambda: load_tasks("test"), 10, KINEMATIC),
    Experiment("train", "training tasks, new scenes, kinematic world", lambda: load_tasks("train"), 3, KINEMATIC),
    Experiment("contact", "test tasks, contact physics", lambda: load_tasks("test"), 10),
)
PAPER_TABLES = {
    "test": "success_test_tasks",
    "train": "success_training_tasks",
    "contact": "success_test_tasks",
}


def variant(base: StackingTraining, name: str) -> StackingTraining:
    """The settings of one of ``VARIANTS``: those of ``base`` but for the one thing that is compared."""
    if name == "dagger":
        return base
    if name == "bc":
        return replace(base, sampling=replace(base.sampling, dagger_share=0.0))
    # Nothing is left to chance in what these are shown: an ensemble would be the same policy many times.
    kind: Kind = "snapshots" if name == "snapshots" else "final_state"
    conditioning = replace(base.policy.conditioning, kind=kind)
    return replace(base, policy=replace(base.policy, conditioning=conditioning, ensemble=1, draws=1))


def reproduce(output: Path, runs: Path, seed: int, jobs: int, at_most: int | None = None) -> None:
    """Train the four policies, judge them and the scripted expert, and write tables and figures.

    Args:
        output: folder of records, tables and figures.
        runs: folder of the training runs.
        seed: chooses the episodes.
        jobs: processes that judge.
        at_most: episodes of each task, for a first look; None: as many as each experiment asks for.
    """
    base = from_yaml(StackingTraining, resource_path("config", "training", "stacking_comparison.yaml"))
    wanted = {name: variant(base, name) for name in VARIANTS}
    for name, config in wanted.items():  # one after another: each has processes of its own, which want the cores
        finish(config, runs / name)
    stage_curves.reproduce({label: runs / name for name, label in VARIANTS.items()}, output, seed, jobs)
    test, train, contact = chosen(EXPERIMENTS, (), at_most)
    for experiment in (test, train):
        _compare(experiment, output, runs, seed, jobs)
    reports = {}
    trained = StackingPolicy.load(runs / "dagger")
    for size in ENSEMBLES:
        folder = runs / "ensembles" / str(size)
        save_policy(folder, trained.network, replace(trained.config, ensemble=size, draws=size))
        reports[str(size)] = run_experiment(test, folder, output / f"ensemble_{size}", seed, jobs)
    _write("ensembles", f"Ensembles of one policy: {test.title}", "ensembles", reports, output)
    _compare(contact, output, runs, seed, jobs)


def _compare(experiment: Experiment, output: Path, runs: Path, seed: int, jobs: int) -> None:
    expert = replace(experiment, expert=True)
    reports = {EXPERT: run_experiment(expert, runs / "dagger", output / "expert", seed, jobs)}
    for name, label in VARIANTS.items():
        reports[label] = run_experiment(experiment, runs / name, output / name, seed, jobs)
    title = f"The paper's policies: {experiment.title}"
    _write(f"comparison_{experiment.name}", title, PAPER_TABLES[experiment.name], reports, output)


def _write(name: str, title: str, paper: str, reports: dict[str, dict[str, Any]], output: Path) -> None:
    heading = f"# {title}\n\nMade by `osil reproduce comparison`.\n\n"
    (output / f"{name}.md").write_text(heading + comparison_table(reports, paper), encoding="utf-8")
    draw(reports, output / name, table=None)
