"""The task family of section 5.2: which tasks are for training and which are kept for testing.

The lists are data (``config/tasks/train.txt`` and ``test.txt``), so that every result refers to the same tasks.
"""

from __future__ import annotations

from pathlib import Path

from osil.errors import TaskError
from osil.files import read_text
from osil.resources import resource_path
from osil.tasks.block_stacking import StackingTask

SPLITS = ("train", "test")


def load_tasks(source: str | Path, max_blocks: int | None = None) -> tuple[StackingTask, ...]:
    """Read a list of tasks.

    Args:
        source: ``train`` or ``test`` for the fixed lists, else a file with one task string a line; empty lines and
            what follows a ``#`` are skipped.
        max_blocks: leave out tasks with more blocks than this, distractors included.

    Returns:
        The tasks in the order of the list.

    Raises:
        TaskError: no such file, no task left, or a line that is not a task of at least one stage.
    """
    path = resource_path("config", "tasks", f"{source}.txt") if str(source) in SPLITS else Path(source)
    try:
        text = read_text(path, TaskError)
    except TaskError as error:
        raise TaskError(f"tasks {str(source)!r}: expected 'train', 'test' or a text file: {error}") from error
    tasks = []
    for number, line in enumerate(text.splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if text:
            tasks.append(_parse(text, f"{source}, line {number}"))
    tasks = [task for task in tasks if max_blocks is None or task.num_blocks <= max_blocks]
    if not tasks:
        limit = "" if max_blocks is None else f" of at most {max_blocks} blocks"
        raise TaskError(f"tasks {str(source)!r}: expected at least one task{limit}, got none")
    return tuple(tasks)


def _parse(text: str, where: str) -> StackingTask:
    try:
        task = StackingTask.parse(text)
    except TaskError as error:
        raise TaskError(f"{where}: {error}") from error
    if not task.stages:
        raise TaskError(f"{where}: task {text!r} moves no block; write at least one tower such as 'ab'")
    return task
