"""The training and test tasks are those of section 5.2, and no test task is a training task in disguise."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from osil.errors import TaskError
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks

TRAIN, TEST = load_tasks("train"), load_tasks("test")


def heights(task: StackingTask) -> tuple[int, ...]:
    """Heights of the towers, in the order in which they are built: what a renaming of blocks cannot change."""
    return tuple(len(word) for word in str(task).split() if not word.startswith("+"))


def stage_counts(tasks: tuple[StackingTask, ...]) -> set[int]:
    return {task.num_stages for task in tasks}


def test_family_is_as_large_as_the_papers() -> None:
    assert (len(TRAIN), len(TEST)) == (140, 43)
    assert stage_counts(TRAIN) == set(range(1, 8))
    assert stage_counts(TEST) == {2, 4, 5, 6, 7, 8}
    for tasks in (TRAIN, TEST):
        assert {task.num_blocks for task in tasks} <= set(range(2, 11))
        assert max(task.num_blocks for task in tasks) == 10
        assert any("+" in str(task) for task in tasks)


def test_all_tasks_differ_under_renaming_of_blocks() -> None:
    classes = Counter((task.num_blocks, heights(task)) for task in TRAIN + TEST)
    assert max(classes.values()) == 1


def test_no_training_task_builds_the_towers_of_a_test_task() -> None:
    seen = {tuple(sorted(heights(task))) for task in TRAIN}
    assert not seen & {tuple(sorted(heights(task))) for task in TEST}


def test_both_lists_have_small_tasks_of_several_stage_counts() -> None:
    assert stage_counts(load_tasks("train", max_blocks=5)) == {1, 2, 3}
    assert stage_counts(load_tasks("test", max_blocks=5)) == {2, 4}


def test_lists_are_written_in_the_notation_that_tasks_print() -> None:
    for task in TRAIN + TEST:
        assert StackingTask.parse(str(task)) == task


def test_reads_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("# my tasks\n\nab cde +f  # distractor f\nba\n")
    assert [str(task) for task in load_tasks(file)] == ["ab cde +f", "ba"]
    assert [str(task) for task in load_tasks(str(file), max_blocks=2)] == ["ba"]


@pytest.mark.parametrize(
    ("text", "message"), [("ab\nab?\n", "line 2"), ("+a +b", "moves no block"), ("# none\n", "at least one task")]
)
def test_bad_files_are_refused_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(TaskError, match=message):
        load_tasks(tmp_path / "bad.txt")


def test_unknown_list_is_refused() -> None:
    with pytest.raises(TaskError, match="expected 'train', 'test' or a text file"):
        load_tasks("validation")
