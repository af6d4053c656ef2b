"""Where the network earns its keep: ``osil reproduce baselines`` judges policies without one in the same episodes.

The records of the policy are those of ``osil reproduce stacking``, so no episode is run twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from osil.choices import BaselineKind
from osil.choices import names as choices
from osil.reproduce.experiments import EXPERIMENTS, chosen
from osil.reproduce.stacking import run_experiment
from osil.reproduce.stacking_tables import baselines_table

SCENES = ("test", "push", "drop", "wrong_block", "noise", "tracker")
"""Experiments in which they are compared."""

POLICY = "policy"


def reproduce(
    model: str | Path, output: Path, seed: int, jobs: int, names: Sequence[str] = (), at_most: int | None = None
) -> None:
    """Run what is missing and write ``baselines.md``, again after every experiment.

    Args:
        model: folder or name of the model.
        output: folder of the policy's records; those of the others are in folders of their names under ``baselines``.
        seed: chooses the episodes.
        jobs: processes.
        names: some of ``SCENES``; none: all.
        at_most: episodes of each task, for a first look; None: as many as each experiment asks for.

    Raises:
        ConfigError: an unknown name, or records that another model or seed has left in ``output``.
        ModelError: the model cannot be loaded.
    """
    folder = output / "baselines"
    judged = {POLICY: (model, output)} | {kind: (kind, folder / kind) for kind in choices(BaselineKind)}
    reports: dict[str, dict[str, dict[str, Any]]] = {}
    for experiment in chosen([one for one in EXPERIMENTS if one.name in SCENES], names, at_most):
        reports[experiment.title] = {
            name: run_experiment(experiment, policy, place, seed, jobs) for name, (policy, place) in judged.items()
        }
        text = f"# Policies without a network\n\nMade by `osil reproduce baselines`.\n\n{baselines_table(reports)}"
        (folder / "baselines.md").write_text(text, encoding="utf-8")
