"""The figures of attention are drawn from an episode that the policy really did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osil.reproduce import attention
from osil.resources import resource_path
from osil.tasks.block_stacking import StackingTask


def test_a_task_is_shown_repeated_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "TASK", StackingTask.parse("ab +c"))
    assert attention.reproduce(resource_path("models", "stacking"), tmp_path, seed=0)
    drawn = {f"figure_{number}.png" for number in (16, 17, 18)}
    assert {path.name for path in tmp_path.iterdir()} == {*drawn, attention.RECORD}
    assert json.loads((tmp_path / attention.RECORD).read_text())["model"]["name"] == "stacking"
