"""Turns episodes into the numbers that are published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from osil.core import CONTROL_PERIOD
from osil.evaluation.episodes import EpisodeResult
from osil.evaluation.intervals import wilson
from osil.evaluation.stood_still import STILL
from osil.worlds.judge import FAILURES, Outcome


def summarise(episodes: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Success and failures of some episodes.

    Returns:
        ``episodes``, ``successes``, ``rate``, ``wilson_95`` (lower and upper limit), ``failures`` by kind, and for the
        successful ones ``control_steps_per_stage`` and ``seconds_per_stage`` (None without any) and ``in_order``, how
        many of them did the stages in the order demonstrated. ``seen_end``: in how many ``episodes`` the end was also
        told from what was seen (``SeenEnd``), in how many of these that ``agreed`` with the judge, ``rate``, and
        ``wilson_95``. ``stood_still``: in how many ``episodes`` that was looked at, in how many of these the hand
        ``stood`` still with work left (``StoodStill``), ``rate``, and ``wilson_95``.
    """
    succeeded = [episode for episode in episodes if episode.outcome is Outcome.SUCCESS]
    kinds = Counter(episode.outcome for episode in episodes)
    stages = sum(episode.case.task.num_stages for episode in succeeded)
    steps = sum(episode.steps for episode in succeeded) / stages if stages else None
    agreed = [episode.agrees for episode in episodes if episode.agrees is not None]
    stood = [episode.stood_still for episode in episodes if episode.stood_still is not None]
    return {
        "episodes": len(episodes),
        "successes": len(succeeded),
        **_share(len(succeeded), len(episodes)),
        "failures": {kind.value: kinds[kind] for kind in FAILURES},
        "control_steps_per_stage": steps,
        "seconds_per_stage": None if steps is None else steps * CONTROL_PERIOD,
        "in_order": sum(episode.in_order for episode in succeeded),
        "seen_end": {"episodes": len(agreed), "agreed": sum(agreed), **_share(sum(agreed), len(agreed))},
        "stood_still": {"episodes": len(stood), "stood": sum(stood), **_share(sum(stood), len(stood))},
    }


def _share(some: int, of: int) -> dict[str, Any]:
    return {"rate": some / of if of else None, "wilson_95": list(wilson(some, of))}


def breakdown(episodes: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Summaries over all, by stage count and by task; the failed episodes; and the demonstrations drawn again."""
    by_stages: dict[int, list[EpisodeResult]] = {}
    by_task: dict[str, list[EpisodeResult]] = {}
    for episode in sorted(episodes, key=lambda one: (one.case.task.num_stages, str(one.case.task), one.case.number)):
        by_stages.setdefault(episode.case.task.num_stages, []).append(episode)
        by_task.setdefault(str(episode.case.task), []).append(episode)
    return {
        "all": summarise(episodes),
        "by_stages": {str(stages): summarise(group) for stages, group in by_stages.items()},
        "by_task": {task: summarise(group) for task, group in by_task.items()},
        "failed_episodes": [
            {
                "task": task,
                "number": episode.case.number,
                "failure": episode.outcome.value,
                "stages_done": episode.stages_done,
                "control_steps": episode.steps,
            }
            for task, group in by_task.items()
            for episode in group
            if episode.outcome is not Outcome.SUCCESS
        ],
        "demonstrations_redrawn": sum(episode.redrawn for episode in episodes),
        "episodes_disturbed": sum(episode.disturbed for episode in episodes),
    }


def table(report: dict[str, Any]) -> str:
    """The report as lines of text for a person."""
    rows = [(f"{stages} stage{'s' * (stages != '1')}", group) for stages, group in report["by_stages"].items()]
    lines = [f"{'':10}{'episodes':>9}{'success':>9}   {'Wilson 95 %':16}{'s/stage':>8}   failures"]
    for name, group in [*rows, ("all", report["all"])]:
        low, high = group["wilson_95"]
        failures = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in group["failures"].items() if count)
        seconds = group["seconds_per_stage"]
        lines.append(
            f"{name:10}{group['episodes']:>9}{group['rate']:>9.1%}   {f'{low:.1%} to {high:.1%}':16}"
            f"{'-' if seconds is None else f'{seconds:.2f}':>8}   {failures or '-'}"
        )
    seen = report["all"]["seen_end"]
    if seen["episodes"]:
        low, high = seen["wilson_95"]
        lines.append(
            f"The end was told rightly from observations alone in {seen['agreed']} of {seen['episodes']} episodes "
            f"({seen['rate']:.1%}; Wilson 95 %: {low:.1%} to {high:.1%})"
        )
    still = report["all"]["stood_still"]
    lines.append(
        f"The hand stood still for {STILL:g} s with work left in {still['stood']} of {still['episodes']} episodes"
    )
    return "\n".join(lines)
