"""What each change buys, in small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from osil.errors import ConfigError
from osil.reproduce import changes
from osil.reproduce.changes import WITHOUT, WITHOUT_ACTING, variants
from osil.resources import resource_path
from osil.settings import from_yaml
from osil.tasks.block_stacking import StackingTask
from osil.training.stacking import StackingTraining

from .test_comparison import TINY


def test_each_lacks_one_change_and_the_paper_lacks_all() -> None:
    base = from_yaml(StackingTraining, resource_path("config", "training", "stacking_comparison.yaml"))
    found = variants(base)
    assert found["all"].settings == base
    for name in WITHOUT:
        assert found[f"without_{name}"].settings != base
        undone = replace(found["paper"].settings, loop=base.loop)
        assert WITHOUT[name][1](undone) == undone, f"the paper's policy lacks {name}"
    for name in WITHOUT_ACTING:
        variant = found[f"without_{name}"]
        assert variant.settings == base
        assert variant.acts(base.policy) != base.policy
    assert len({variant.trained for variant in found.values()}) == len(WITHOUT) + 2, "and no run is overwritten"


def test_it_trains_judges_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tmp_path / "tiny.yaml"
    tiny.write_text(TINY)
    small = {"tasks": lambda: (StackingTask.parse("ab"),), "episodes": 1}
    monkeypatch.setattr(changes, "resource_path", lambda *_: tiny)
    monkeypatch.setattr(changes, "ANY_YAW", replace(changes.ANY_YAW, **small))
    monkeypatch.setattr(changes, "PARALLEL", replace(changes.PARALLEL, **small))
    names = ["all", "without_along_path", "without_window", "paper"]
    for _ in range(2):
        changes.reproduce(tmp_path / "out", tmp_path / "runs", 0, 1, names)
    table = (tmp_path / "out" / "changes.md").read_text().splitlines()
    assert [row.split("|")[1].strip() for row in table[6:]] == [name.replace("_", " ") for name in names]
    assert (tmp_path / "out" / "changes.png").exists()
    curve = (tmp_path / "runs" / "paper" / "learning_curve.jsonl").read_text()
    assert [json.loads(line)["step"] for line in curve.splitlines()] == [2], "what is trained is not trained again"
    assert not (tmp_path / "runs" / "without_mixture").exists()
    with pytest.raises(ConfigError, match="expected some of all, without_taught_attention"):
        changes.reproduce(tmp_path / "out", tmp_path / "runs", 0, 1, ["mixture"])
