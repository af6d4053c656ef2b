"""The figures of attention are drawn from an episode that the policy really did."""

from __future__ import annotations

from pathlib import Path

import pytest

from osil.reproduce import attention
from osil.resources import resource_path
from osil.tasks.block_stacking import StackingTask


def test_a_task_is_shown_repeated_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "TASK", StackingTask.parse("ab +c"))
    assert attention.reproduce(resource_path("models", "stacking"), tmp_path, seed=0)
    assert {path.name for path in tmp_path.iterdir()} == {f"figure_{number}.png" for number in (16, 17, 18)}
