"""Judges a policy on many tasks, on all cores, and says what was judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from joblib import delayed
from tqdm import tqdm

from osil.choices import BaselineKind, names
from osil.core import CONTROL_PERIOD
from osil.evaluation.episodes import Case, EpisodeResult, run_batch
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.evaluation.report import breakdown
from osil.evaluation.versions import versions
from osil.policies.baselines import BaselinePolicy
from osil.policies.stacking import StackingPolicy
from osil.robots.robot import Gripper
from osil.tasks.block_stacking import STABLE_STEPS, StackingTask
from osil.workers import in_processes
from osil.worlds.judge import SLACK_STEPS, STEPS_PER_STAGE
from osil.worlds.make_world import BATCH_SIZE

EXPERT = "expert"
"""In place of a model: judge the scripted expert, which is told the task."""


def evaluate(
    model: str | Path,
    config: EvaluationConfig,
    tasks: Sequence[StackingTask],
    episodes: int,
    seed: int = 0,
    jobs: int = 1,
    failures: Path | None = None,
) -> dict[str, Any]:
    """Judge a policy: every episode has a fresh demonstration and a new random scene.

    Args:
        model: folder or name of a model, ``expert``, or a ``BaselineKind``.
        config: world, teacher, push and conditions.
        tasks: what to judge on.
        episodes: for each task.
        seed: chooses the episodes; no seed gives scenes that training has seen.
        jobs: processes.
        failures: folder for files of failed episodes, see ``run_batch``.

    Returns:
        What ``osil.evaluation.report.breakdown`` returns, and ``model``, the fields of ``config``, ``seed``,
        ``episodes_per_task``, ``limits`` and ``versions``, ready for JSON.

    Raises:
        ModelError: the model cannot be loaded.
        ConfigError: a task has a tower that is too high for the arm.
    """
    load(model, config.arm.gripper)  # tell now, not in a worker, what is wrong with it
    config.check_reach(tasks)
    cases = [Case(task, number, seed) for task in tasks for number in range(episodes)]
    return describe(model, config, seed, episodes, run_cases(model, config, cases, jobs, failures))


def describe(
    model: str | Path, config: EvaluationConfig, seed: int, episodes: int, results: Sequence[EpisodeResult]
) -> dict[str, Any]:
    """What ``evaluate`` returns, for episodes that have been run. Arguments as for ``evaluate``."""
    policy = load(model, config.arm.gripper)
    return {
        "model": policy.info if policy else {"name": EXPERT},
        **config.as_dict(),
        "seed": seed,
        "episodes_per_task": episodes,
        **breakdown(results),
        "limits": {
            "control_period_seconds": CONTROL_PERIOD,
            "control_steps": f"{SLACK_STEPS} + {STEPS_PER_STAGE} a stage",
            "stable_control_steps": STABLE_STEPS,
        },
        "versions": versions(),
    }


def run_cases(
    model: str | Path,
    config: EvaluationConfig,
    cases: Sequence[Case],
    jobs: int = 1,
    failures: Path | None = None,
    label: str = "",
) -> list[EpisodeResult]:
    """Run cases in several processes, with a progress bar named ``label``. Other arguments as for ``evaluate``."""
    results: list[EpisodeResult] = []
    batches = _batches(cases, BATCH_SIZE[config.world])
    work = in_processes((delayed(_run)(config, model, batch, failures) for batch in batches), jobs)
    with tqdm(total=len(cases), desc=label or None, unit="episode", smoothing=0.02) as progress:
        for finished in work:
            results += finished
            progress.update(len(finished))
            failed = sum(episode.outcome.value != "success" for episode in results)
            progress.set_postfix(failed=failed, refresh=False)
    return results


def load(model: str | Path, gripper: Gripper) -> StackingPolicy | BaselinePolicy | None:
    """The policy to judge, with the hand that it moves; None for the expert.

    Raises:
        ModelError: it cannot be loaded.
    """
    name = str(model)
    if name == EXPERT:
        return None
    if name in names(BaselineKind):
        return BaselinePolicy(cast(BaselineKind, name), gripper)
    return StackingPolicy.load(model)


def _run(
    config: EvaluationConfig, model: str | Path, cases: Sequence[Case], failures: Path | None
) -> list[EpisodeResult]:
    return run_batch(config, load(model, config.arm.gripper), cases, failures)


def _batches(cases: Sequence[Case], size: int) -> list[list[Case]]:
    """Groups of at most ``size`` cases with as many blocks, the longest first so that no process ends alone."""
    groups: dict[tuple[int, int], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.task.num_stages, case.task.num_blocks), []).append(case)
    return [
        groups[key][start : start + size]
        for key in sorted(groups, reverse=True)
        for start in range(0, len(groups[key]), size)
    ]
