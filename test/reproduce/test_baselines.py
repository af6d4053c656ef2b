"""Policies without a network are judged in the same episodes as the policy, whose records are used again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osil.cli import main
from osil.errors import ConfigError
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.reproduce import baselines, stacking
from osil.reproduce.experiments import Experiment
from osil.tasks.block_stacking import StackingTask

TASKS = (StackingTask.parse("ab +c"), StackingTask.parse("abc"))


def test_all_are_judged_in_the_same_episodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiments = tuple(
        Experiment(name, f"scenes of {name}", lambda: TASKS, 2, EvaluationConfig("kinematic", mishap=mishap))
        for name, mishap in (("test", "none"), ("drop", "drop"), ("human", "none"))
    )
    for module in (baselines, stacking):
        monkeypatch.setattr(module, "EXPERIMENTS", experiments)
    model = "expert"  # which stands for a model here
    stacking.reproduce(model, tmp_path, seed=0, jobs=1, names=["test"])
    records = (tmp_path / "records" / "test.jsonl").read_text()
    for episodes in (["--episodes", "1"], []):
        main(["reproduce", "baselines", "--model", model, "--output", str(tmp_path), "--jobs", "1", *episodes])
    assert (tmp_path / "records" / "test.jsonl").read_text() == records, "what is there is not run again"
    reports = [json.loads((tmp_path / folder / "drop.json").read_text()) for folder in (".", "baselines/replay")]
    assert [report["model"]["name"] for report in reports] == ["expert", "replay"]
    assert [report["all"]["episodes"] for report in reports] == [4, 4]
    table = (tmp_path / "baselines" / "baselines.md").read_text()
    assert "| | policy | replay | layout |" in table
    assert "| scenes of test | 100.0% (51.0% to 100.0%) of 4 | 100.0%" in table
    assert "human" not in table, "nor is what is not compared"
    with pytest.raises(ConfigError, match="expected some of test, drop"):
        baselines.reproduce(model, tmp_path, seed=0, jobs=1, names=["human"])
