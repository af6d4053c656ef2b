"""Every number of particle reaching by one command: ``osil reproduce particle``. What is done already is kept."""

from __future__ import annotations

import contextlib
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joblib import delayed
from tqdm import tqdm

from osil.evaluation.reaching import rate, seen_success, unseen_success
from osil.evaluation.versions import versions
from osil.figures.reaching import NAMES, PANELS, draw_learning_curves, draw_success
from osil.files import read_json, read_json_lines
from osil.networks.reaching import ReachingNetwork
from osil.policies.reaching import ReachingPolicy
from osil.reproduce.reaching_tables import LANDMARKS, PAPER, better_table, longer_table, paper_tables
from osil.resources import resource_path
from osil.seeds import generator
from osil.settings import from_yaml
from osil.training.precision import autocast, choose
from osil.training.reaching import ForceRegression, ReachingTraining, run, source_for
from osil.training.run_folder import CURVE, resumable
from osil.workers import in_processes, within_cores

RESULT = "result.json"
BETTER_SIZES = (10, 20)
LONGER = (10, 9, 8, 7)
"""Landmarks with which the paper's recipe falls short of the paper in 80 epochs."""

MORE = 1000
"""Configurations in the tables besides the paper's 100, for narrower intervals."""


@dataclass(frozen=True)
class TrainingRun:
    """One training run by a recipe.

    Attributes:
        recipe: a ``ReachingRecipe``, the name of a file in ``config/training``.
        architecture: a key of ``osil.figures.reaching.NAMES``.
        landmarks: number of landmarks.
    """

    recipe: str
    architecture: str
    landmarks: int

    def config(self) -> ReachingTraining:
        """Settings of the recipe."""
        return from_yaml(ReachingTraining, resource_path("config", "training", f"particle_{self.recipe}.yaml"))

    def folder(self, runs: Path) -> Path:
        """Where its files are."""
        return runs / self.recipe / self.architecture / str(self.landmarks)


def all_runs(recipe: str) -> list[TrainingRun]:
    """The runs of a recipe, by architecture the cheap ones first, and then the long ones first, to pack them well."""
    if recipe == "paper":
        return [TrainingRun(recipe, name, landmarks) for name in reversed(NAMES) for landmarks in reversed(LANDMARKS)]
    if recipe == "paper_longer":
        return [TrainingRun(recipe, name, landmarks) for landmarks in LONGER for name in NAMES if name != "plain_lstm"]
    if recipe == "better_longer":
        return [TrainingRun(recipe, "plain_lstm", 20)]
    # With attention one network serves any number of landmarks.
    return [TrainingRun(recipe, name, 10) for name in reversed(NAMES)] + [TrainingRun(recipe, "plain_lstm", 20)]


def reproduce(recipe: str, output: Path, runs: Path, jobs: int) -> None:
    """Train what is missing, then write the tables and figures of a recipe, again after every run that ends.

    Args:
        recipe: ``paper`` (tables 1 and 2, figures 8 and 14) or another one.
        output: folder of the results.
        runs: folder of checkpoints, from which an interrupted run goes on.
        jobs: processes.
    """
    wanted = all_runs(recipe)
    missing = [one for one in wanted if not (one.folder(runs) / RESULT).exists()]
    if missing:
        at_once = min(within_cores(jobs), len(missing))
        minutes = sum(_longest(one) for one in missing) / at_once / 60.0
        print(f"{len(missing)} of {len(wanted)} runs to do, at most {minutes:.0f} minutes with {at_once} processes")
    done = in_processes((delayed(_run)(one, runs) for one in missing), jobs)
    with tqdm(total=len(wanted), initial=len(wanted) - len(missing), unit="run", smoothing=0.0) as progress:
        for one in done:
            progress.update()
            progress.set_postfix_str(f"{one.architecture} {one.landmarks}")
            write_results(recipe, output, runs)
    write_results(recipe, output, runs)
    print(f"results are in {output}")


def _longest(one: TrainingRun) -> float:
    """Seconds that a run takes if it does not converge early, from the time of a few steps on this machine."""
    config = one.config()
    objective = ForceRegression(ReachingNetwork(config.policy_config(one.architecture, one.landmarks).network))
    source, _ = source_for(config, one.landmarks)
    precision, _ = choose(config.loop.precision, objective, source.batch())
    times = []
    for _ in range(4):
        began = time.perf_counter()
        batch = source.batch()
        with autocast(precision, objective):
            loss, _ = objective(batch)
        loss.backward()
        times.append(time.perf_counter() - began)
    return config.loop.steps * min(times)


def _run(one: TrainingRun, runs: Path) -> TrainingRun:
    """Train and judge."""
    folder = one.folder(runs)
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / "progress.log").open("a", encoding="utf-8")
    with log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        run(one.config(), one.architecture, one.landmarks, folder, resume=resumable(folder))
    judge(one, runs)
    return one


def judge(one: TrainingRun, runs: Path) -> None:
    """Judge the model that a run has left, and note the result beside it."""
    config, folder = one.config(), one.folder(runs)
    policy = ReachingPolicy.load(folder)
    result: dict[str, Any] = {"model": policy.info, "curve": _curve(folder)[-1], "versions": versions()}
    _, data = source_for(config, one.landmarks)
    if data is not None:
        rng = generator("test", config.seed, one.landmarks)
        result["seen"] = rate(seen_success(policy, data, config.configurations, rng))
        result["unseen"] = rate(unseen_success(policy, one.landmarks, config.configurations, config.seed))
        result["unseen_more"] = rate(unseen_success(policy, one.landmarks, MORE, config.seed + 1))
    else:
        sizes = BETTER_SIZES if policy.config.network.shared else (one.landmarks,)
        result["unseen"] = {str(size): rate(unseen_success(policy, size, MORE, config.seed)) for size in sizes}
    partial = folder / (RESULT + ".partial")
    partial.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / RESULT)


def _curve(folder: Path) -> list[dict[str, float]]:
    """The learning curve of a run, one entry a validation."""
    path = folder / CURVE
    return read_json_lines(path) if path.exists() else []


def write_results(recipe: str, output: Path, runs: Path) -> None:
    """Tables and figures from the runs that are done."""
    output.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in NAMES}
    for one in all_runs(recipe):
        path = one.folder(runs) / RESULT
        if path.exists():
            result = read_json(path)
            results[one.architecture][one.landmarks] = result
            if recipe.startswith("better"):
                results[one.architecture] |= {
                    int(size): {**result, "unseen": unseen} for size, unseen in result["unseen"].items()
                }
    (output / f"{recipe}.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if recipe == "paper":
        text = paper_tables(results)
    elif recipe == "better":
        text = better_table(results, BETTER_SIZES)
    else:
        before = output / f"{recipe.removesuffix('_longer')}.json"
        text = longer_table(read_json(before) if before.exists() else {}, results)
    (output / f"{recipe}.md").write_text(text, encoding="utf-8")
    if recipe == "paper":
        _draw(results, output, runs)


def _draw(results: dict[str, dict[int, dict[str, Any]]], output: Path, runs: Path) -> None:
    """Figures 8 and 14."""
    nothing = {"rate": math.nan, "wilson_95": (math.nan, math.nan)}

    def values(field: str) -> dict[str, dict[str, list[Any]]]:
        return {
            panel: {name: [results[name].get(n, {}).get(panel, nothing)[field] for n in LANDMARKS] for name in NAMES}
            for panel in PANELS
        }

    paper = {panel: {name: [rate / 100.0 for rate in PAPER[panel][name]] for name in NAMES} for panel in PANELS}
    draw_success(LANDMARKS, values("rate"), values("wilson_95"), paper, output / "figure_8.png")
    epochs: dict[int, dict[str, tuple[list[float], list[float], list[float]]]] = {n: {} for n in LANDMARKS}
    for one in all_runs("paper"):
        curve = _curve(one.folder(runs))
        if curve:
            train, test = [line["train"] for line in curve], [line["test"] for line in curve]
            epochs[one.landmarks][one.architecture] = [float(n + 1) for n in range(len(curve))], train, test
    draw_learning_curves(epochs, output / "figure_14.png")
