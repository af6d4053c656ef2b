"""Episodes of the test tasks in turn, with a line of JSON for each: what stands there already is not run again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from osil.evaluation.intervals import wilson
from osil.files import add_json_line, check_output_file, read_json_lines
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of ``run_episodes``."""
    parser.add_argument("--episodes", type=int, default=50, help="how many, of the test tasks in turn")
    parser.add_argument("--max-blocks", type=int, help="only tasks of at most so many")
    parser.add_argument("--json", type=Path, help="a line for each episode is added here")


def run_episodes(options: argparse.Namespace, run: Callable[[int, StackingTask], dict[str, Any]]) -> None:
    """Run what is missing, tell of what fails, and print how many succeed.

    Args:
        options: of ``add_arguments``.
        run: says of an episode, by its number and task, how it went: JSON with ``success``.
    """
    check_output_file(options.json)
    results = recorded(options.json)
    tasks = load_tasks("test", options.max_blocks)
    for number in tqdm(range(len(results), options.episodes), unit="episode"):
        results.append(run(number, tasks[number % len(tasks)]))
        if not results[-1]["success"]:
            tqdm.write(json.dumps(results[-1]))
        if options.json:
            add_json_line(options.json, results[-1])
    successes = sum(result["success"] for result in results)
    low, high = wilson(successes, len(results))
    print(f"{successes} of {len(results)} episodes succeeded (Wilson 95 %: {low:.1%} to {high:.1%})")


def recorded(path: Path | None) -> list[Any]:
    """What an earlier run has left."""
    return read_json_lines(path) if path and path.exists() else []
