"""Records that a run goes on from, tables beside the paper's, and pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import pytest

from osil.errors import ConfigError
from osil.evaluation.evaluate import evaluate
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.reproduce import stacking
from osil.reproduce.experiments import EXPERIMENTS, Experiment
from osil.reproduce.paper import published
from osil.reproduce.stacking_tables import draw, paper_rates, rates, stages_table
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions

TASKS = tuple(StackingTask.parse(text) for text in ("ab cd", "abcde"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """One small experiment in place of all."""
    experiment = Experiment(
        "expert_test", "scripted expert", lambda: TASKS, 2, EvaluationConfig("kinematic"), expert=True
    )
    monkeypatch.setattr(stacking, "EXPERIMENTS", (experiment,))
    return experiment


def numbers(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "expert_test.json").read_text())
    return {key: value for key, value in report.items() if key != "versions"}


def test_an_interrupted_run_goes_on_and_ends_with_the_same_results(
    tmp_path: Path, small: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Path("unused")
    stacking.reproduce(model, tmp_path, seed=1, jobs=1)
    records = tmp_path / "records" / "expert_test.jsonl"
    whole, report = records.read_text(), numbers(tmp_path)
    assert len(whole.splitlines()) == 3
    records.write_text("\n".join(whole.splitlines()[:2]) + "\n")
    stacking.reproduce(model, tmp_path, seed=1, jobs=1)
    assert records.read_text() == whole
    assert numbers(tmp_path) == report
    assert report["all"]["episodes"] == 4
    assert report["by_task"].keys() == {"ab cd", "abcde"}
    assert "| 4 | 77.6 % | 100.0%" in (tmp_path / "tables.md").read_text()
    assert imageio.imread(tmp_path / "success.png").shape[0] > 200

    more = replace(small, episodes=3)
    monkeypatch.setattr(stacking, "EXPERIMENTS", (more,))
    stacking.reproduce(model, tmp_path, seed=1, jobs=1)
    assert records.read_text().startswith(whole), "what is there is kept"
    assert numbers(tmp_path)["all"]["episodes"] == 6

    with pytest.raises(ConfigError, match="another output"):
        stacking.reproduce(model, tmp_path, seed=2, jobs=1)
    with pytest.raises(ConfigError, match="expert_test"):
        stacking.reproduce(model, tmp_path, seed=1, jobs=1, names=["nonsense"])


def test_records_that_do_not_say_what_was_seen_are_gone_on_from(tmp_path: Path, small: Experiment) -> None:
    stacking.reproduce(Path("unused"), tmp_path, seed=1, jobs=1)
    records, report = tmp_path / "records" / "expert_test.jsonl", numbers(tmp_path)
    header, *lines = (json.loads(line) for line in records.read_text().splitlines())
    for line in lines:
        for episode in line["episodes"]:
            assert episode.pop("seen_reached") is None, "nothing was shown to the expert"
    records.write_text("".join(json.dumps(line) + "\n" for line in (header, *lines)))
    stacking.reproduce(Path("unused"), tmp_path, seed=1, jobs=1)
    assert numbers(tmp_path) == report


def test_tables_and_figures_come_from_reports(tmp_path: Path) -> None:
    report = json.loads(json.dumps(evaluate("expert", EvaluationConfig("kinematic"), TASKS, episodes=2)))
    assert rates(report).rate == {2: 1.0, 4: 1.0}
    assert rates(report).interval[2] == tuple(report["by_stages"]["2"]["wilson_95"])
    assert paper_rates("success_test_tasks", "dagger").rate[8] == 0.18
    table = stages_table(report, "success_test_tasks").splitlines()
    assert table[0].startswith("| stages | paper (Table 4)")
    assert table[2].startswith("| 2 | 94.9 % | 100.0%")
    draw({"ours": report, "again": report}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"success.png", "failures.png"}


def test_the_papers_outcomes_add_up() -> None:
    for name in ("failures_dagger", "failures_scripted_expert"):
        numbers = published("block_stacking")[name]
        kinds = ("success", "recoverable_failure", "manipulation_failure", "wrong_move")
        for shares in zip(*(numbers[kind] for kind in kinds), strict=True):
            assert sum(shares) == pytest.approx(100.0, abs=0.2)


def test_the_published_experiments_are_as_large_as_they_should_be() -> None:
    by_name = {experiment.name: experiment for experiment in EXPERIMENTS}
    assert len(by_name) == len(EXPERIMENTS)
    test = by_name["test"]
    assert test.episodes * sum(task.num_stages == 8 for task in test.tasks()) >= 200
    assert test.config == EvaluationConfig()
    assert len(by_name["permutations"].tasks()) == 24
    assert {task.num_blocks for task in by_name["more_blocks"].tasks()} == {11, 12, 15}
    assert all(task.num_stages for experiment in EXPERIMENTS for task in experiment.tasks())


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="pybullet"):
        EvaluationConfig("kinematic", conditions=Conditions(mass=1.1))
    with pytest.raises(ConfigError, match="push"):
        replace(EvaluationConfig(), push=-0.1)
