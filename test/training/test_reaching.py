"""Training of reaching policies: short, but to a stated success."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from osil.errors import ConfigError
from osil.evaluation.reaching import rate, unseen_success
from osil.policies.reaching import ReachingPolicy
from osil.reproduce.reaching import write_results
from osil.resources import resource_path
from osil.settings import from_yaml
from osil.training.loop import CURVE
from osil.training.precision import Precision
from osil.training.reaching import ReachingTraining, run


def _recipe(name: str, **loop: int) -> ReachingTraining:
    config = from_yaml(ReachingTraining, resource_path("config", "training", f"particle_{name}.yaml"))
    return replace(config, loop=replace(config.loop, **loop), configurations=200)


@pytest.mark.parametrize(("seed", "precision"), [(0, "bf16"), (1, "fp32")])
@pytest.mark.parametrize("architecture", ["final_state", "lstm_attention"])
def test_the_better_recipe_learns_four_landmarks_in_seconds(
    architecture: str, seed: int, precision: Precision, tmp_path: Path
) -> None:
    """At least 90 % on demonstrations and scenes never seen, after ten seconds of one core; by chance it is 25 %."""
    recipe = _recipe("better", steps=600, validate_every=600)
    recipe = replace(recipe, seed=seed, loop=replace(recipe.loop, precision=precision))
    run(recipe, architecture, 4, tmp_path)
    judged = rate(unseen_success(ReachingPolicy.load(tmp_path), 4, 500, 0))
    assert judged["rate"] >= 0.9


def test_the_papers_recipe_learns_and_resumes(tmp_path: Path) -> None:
    recipe = replace(_recipe("paper", steps=100, validate_every=50, log_every=50), configurations=100)
    run(recipe, "final_state", 2, tmp_path)
    run(replace(recipe, loop=replace(recipe.loop, steps=300)), "final_state", 2, tmp_path, resume=True)
    curve = [json.loads(line) for line in (tmp_path / CURVE).read_text().splitlines()]
    assert [line["step"] for line in curve] == [50, 100, 150, 200, 250, 300]
    assert curve[-1]["loss"] < 0.7 * curve[0]["loss"]
    assert curve[-1]["train"] > 0.3
    assert curve[-1]["test"] > 0.3


def test_training_ends_once_it_has_converged(tmp_path: Path) -> None:
    recipe = replace(_recipe("better", steps=3000, validate_every=100), configurations=50, patience=2)
    recipe = replace(recipe, sampling=replace(recipe.sampling, demonstrations=64))
    run(recipe, "final_state", 2, tmp_path)
    curve = [json.loads(line) for line in (tmp_path / CURVE).read_text().splitlines()]
    assert [line["test"] for line in curve[-2:]] == [1.0, 1.0]
    assert curve[-1]["step"] < 3000


def test_unknown_settings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("architectures: {}\nepochs: 3\n")
    with pytest.raises(ConfigError, match="epochs"):
        from_yaml(ReachingTraining, path)
    with pytest.raises(ConfigError, match="expected one of"):
        _recipe("paper").policy_config("transformer", 4)


def test_both_recipes_hold_the_three_architectures() -> None:
    for name in ("paper", "better"):
        assert np.array_equal(sorted(_recipe(name).architectures), ["final_state", "lstm_attention", "plain_lstm"])


def test_tables_and_figures_are_written_from_the_first_run_on(tmp_path: Path) -> None:
    """A long command writes what it has after every run, first of all when there is but one."""
    folder = tmp_path / "runs" / "paper" / "final_state" / "10"
    folder.mkdir(parents=True)
    one = {"rate": 0.95, "wilson_95": [0.9, 0.98], "episodes": 100}
    (folder / "result.json").write_text(json.dumps({"seen": one, "unseen": one, "unseen_more": one}))
    (folder / "learning_curve.jsonl").write_text('{"step": 79, "train": 0.5, "test": 0.4}\n')
    write_results("paper", tmp_path / "out", tmp_path / "runs")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "paper.json", "paper.md", "figure_8.png", "figure_14.png",
    }  # fmt: skip
