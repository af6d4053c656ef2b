"""The comparison of the paper's policies, in small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from osil.reproduce import comparison, stage_curves
from osil.reproduce.comparison import VARIANTS, variant
from osil.reproduce.stage_curves import FIGURE, RECORD
from osil.resources import resource_path
from osil.settings import from_yaml
from osil.tasks.block_stacking import StackingTask
from osil.training.stacking import StackingTraining

TINY = """
max_blocks: 2
policy: {network: {dim: 8, hidden: 16}, ensemble: 2, draws: 3}
sampling: {demonstrations: 2, observations: 4, pool_tasks: 2, queries: 1, pools: 1, dagger_share: 0.5, dagger_after: 0}
loop: {steps: 2, validate_every: 2}
validation_episodes: 1
workers: 1
"""


def test_the_published_comparison_changes_one_thing_at_a_time() -> None:
    base = from_yaml(StackingTraining, resource_path("config", "training", "stacking_comparison.yaml"))
    configs = {name: variant(base, name) for name in VARIANTS}
    assert base.sampling.dagger_share > 0.0
    assert replace(configs["bc"], sampling=base.sampling) == configs["dagger"] == base
    for kind in ("snapshots", "final_state"):
        assert configs[kind].policy.conditioning.kind == kind
        assert replace(configs[kind], policy=base.policy) == base


def test_it_trains_judges_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tmp_path / "tiny.yaml"
    tiny.write_text(TINY)
    tasks = (StackingTask.parse("ab"),)
    small = tuple(
        replace(one, tasks=lambda: tasks, episodes=1, config=comparison.KINEMATIC) for one in comparison.EXPERIMENTS
    )
    monkeypatch.setattr(comparison, "resource_path", lambda *_: tiny)
    monkeypatch.setattr(comparison, "EXPERIMENTS", small)
    monkeypatch.setattr(comparison, "ENSEMBLES", (1, 2))
    monkeypatch.setattr(stage_curves, "EPISODES", 1)
    monkeypatch.setattr(stage_curves, "load_tasks", lambda split: tasks)
    for _ in range(2):
        comparison.reproduce(tmp_path / "out", tmp_path / "runs", seed=0, jobs=2)
    curve = (tmp_path / "runs" / "final_state" / "learning_curve.jsonl").read_text()
    assert [json.loads(line)["step"] for line in curve.splitlines()] == [2], "what is trained is not trained again"
    assert "| 1 | 1 | - | 100.0%" in (tmp_path / "out" / "comparison_test.md").read_text()
    assert (tmp_path / "out" / "ensembles" / "success.png").exists()
    points = json.loads((tmp_path / "out" / RECORD).read_text())["runs"]["DAGGER"]
    assert [(step, len(point["stages"])) for step, point in points.items()] == [("2", 1)]
    assert (tmp_path / "out" / FIGURE).exists()
