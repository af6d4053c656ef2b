"""How far it goes, in small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from osil.reproduce import scaling
from osil.reproduce.scaling import in_towers
from osil.tasks.block_stacking import StackingTask

from .test_comparison import TINY


@pytest.mark.parametrize(
    ("blocks", "stages", "task"),
    [
        (2, None, "ab"),
        (6, None, "abcde +f"),
        (10, None, "abcde fghij"),
        (12, None, "abcde fghij kl"),
        (10, 1, "ab +c +d +e +f +g +h +i +j"),
        (10, 6, "abcde fgh +i +j"),
    ],
)
def test_towers_of_five(blocks: int, stages: int | None, task: str) -> None:
    assert in_towers(blocks, stages) == StackingTask.parse(task)


def test_it_trains_judges_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tmp_path / "tiny.yaml"
    tiny.write_text(TINY)
    few = replace(scaling.ON_UNSEEN_TASKS, tasks=lambda: (StackingTask.parse("ab"),), episodes=1)
    for name, value in (
        *(("TASKS", (1,)), ("DEMONSTRATIONS", (1,)), ("BLOCKS", (2, 3)), ("STAGES", (1,)), ("AMONG", 3)),
        *(("EPISODES", 1), ("ACTIONS", 2), ("ON_UNSEEN_TASKS", few), ("resource_path", lambda *_: tiny)),
        ("load_tasks", lambda *_: (StackingTask.parse("ab"), StackingTask.parse("ab +c"))),
    ):
        monkeypatch.setattr(scaling, name, value)
    pages = []
    for _ in range(2):
        scaling.reproduce("stacking", tmp_path / "out", tmp_path / "runs", 0, 1)
        pages.append((tmp_path / "out" / "scaling.md").read_text())
    assert pages[0] == pages[1], "what is there already is kept, costs too"
    firsts = [line.split("|")[1].strip() for line in pages[0].splitlines() if line.startswith("| ")]
    assert firsts == [
        *("training tasks", "1", "2", "demonstrations of each task", "1"),
        *("blocks, in towers of five", "2", "3", "stages, among ten blocks", "1"),
    ]
    assert (tmp_path / "out" / "scaling.png").exists()
