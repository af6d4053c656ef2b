"""The page of all tables and figures says what has been measured, and what has not."""

from __future__ import annotations

import json
import re
from pathlib import Path

from osil.evaluation.evaluate import evaluate
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.reproduce.index import PAGE, write_index
from osil.tasks.block_stacking import StackingTask

ROOT = Path(__file__).parents[2]


def rows(folder: Path) -> list[list[str]]:
    write_index(folder)
    lines = [line for line in (folder / PAGE).read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_every_table_and_figure_has_a_row_and_none_without_records_has_a_result(tmp_path: Path) -> None:
    found = rows(tmp_path)
    named = {" ".join(word) for row in found for word in re.findall(r"(Tables?|[Ff]igures?) (\d+)", row[0])}
    numbers = {int(number) for row in found for number in re.findall(r"\d+", row[0].partition("igure")[2])}
    assert {f"Table {number}" for number in range(1, 12)} <= named
    assert numbers == set(range(8, 20))
    assert {row[2] for row in found} == {"not run yet"}


def test_a_report_is_shown_beside_the_papers_numbers(tmp_path: Path) -> None:
    (tmp_path / "stacking" / "comparison" / "expert").mkdir(parents=True)
    report = evaluate("expert", EvaluationConfig("kinematic"), [StackingTask.parse("abcdefghi")], episodes=2)
    report["versions"]["git"] = "0123456789ab-dirty"
    for path in ("stacking/test.json", "stacking/comparison/expert/test.json"):
        (tmp_path / path).write_text(json.dumps(report))
    measured = {row[1]: row[2:] for row in rows(tmp_path) if row[2] != "not run yet"}
    of_policy = "[test tasks, contact physics, the released policy](stacking/tables.md)"
    of_expert = "[how episodes end, test tasks: Scripted expert](stacking/comparison/comparison_test.md)"
    assert set(measured) == {of_policy, of_expert}
    ours, command, commit, episodes = measured[of_policy]
    assert ours == "DAGGER 100.0% (34.2% to 100.0%), paper 18.0 %"
    assert (command, commit, episodes) == ("`osil reproduce stacking --only test`", "0123456 with changes", "2")
    assert measured[of_expert][0].startswith("success 100.0%, paper 30.9 %<br>recoverable failure 0.0%, paper 4.3 %")


def test_the_published_page_is_made_of_the_published_records(tmp_path: Path) -> None:
    page = (ROOT / "results" / PAGE).read_text()
    for path in (ROOT / "results").rglob("*"):
        if path.is_file() and path.name != PAGE:
            copy = tmp_path / "copy" / path.relative_to(ROOT / "results")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(path)
    write_index(tmp_path / "copy")
    assert (tmp_path / "copy" / PAGE).read_text() == page, "records have changed: run osil reproduce index"
