"""Judges a policy on many tasks, on all cores, and says what was judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm

from osil.core import CONTROL_PERIOD
from osil.evaluation.episodes import Case, Episode, StackingPolicy, run_batch
from osil.evaluation.report import breakdown
from osil.evaluation.versions import versions
from osil.policy import load_policy
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import SLACK_STEPS, STABLE_STEPS, STEPS_PER_STAGE
from osil.worlds.opening import BATCH_SIZE, WorldKind

EXPERT = "expert"
"""In place of a model: judge the scripted expert, which is told the task."""


def evaluate(
    model: str | Path,
    world: WorldKind,
    tasks: Sequence[StackingTask],
    episodes: int,
    seed: int = 0,
    jobs: int = 1,
    failures: Path | None = None,
) -> dict[str, Any]:
    """Judge a policy: every episode has a fresh demonstration by the scripted expert and a new random scene.

    Args:
        model: folder of a model, or ``expert``.
        world: kind of world, the same for demonstrations and for the policy.
        tasks: what to judge on.
        episodes: for each task.
        seed: chooses the episodes; no seed gives scenes that training has seen.
        jobs: processes.
        failures: folder for files of failed episodes, see ``run_batch``.

    Returns:
        What ``osil.evaluation.report.breakdown`` returns, and ``model``, ``world``, ``seed``, ``episodes_per_task``,
        ``limits`` and ``versions``, ready for JSON.

    Raises:
        ModelError: the model cannot be loaded.
    """
    policy = _load(model)
    cases = [Case(task, number, seed) for task in tasks for number in range(episodes)]
    batches = _batches(cases, BATCH_SIZE[world])
    results: list[Episode] = []
    work = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_run)(world, model, batch, failures) for batch in batches
    )
    with tqdm(total=len(cases), unit="episode", smoothing=0.02) as progress:
        for finished in work:
            results += finished
            progress.update(len(finished))
            failed = sum(episode.outcome.value != "success" for episode in results)
            progress.set_postfix(failed=failed, refresh=False)
    return {
        "model": {"path": str(model), **(getattr(policy, "info", {}) if policy else {})},
        "world": world,
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


def _load(model: str | Path) -> StackingPolicy | None:
    return None if str(model) == EXPERT else load_policy(model)


def _run(world: WorldKind, model: str | Path, cases: Sequence[Case], failures: Path | None) -> list[Episode]:
    return run_batch(world, _load(model), cases, failures)


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
