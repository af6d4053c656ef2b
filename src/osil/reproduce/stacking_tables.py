"""Block-stacking reports beside the paper's figures, as tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osil.figures.stacking import StageRates, draw_failures, draw_success
from osil.reproduce.paper import published
from osil.worlds.judge import FAILURES

PAPER = published("block_stacking")

Report = Mapping[str, Any]
"""What ``osil.evaluation.evaluate.evaluate`` returns, or the same read from JSON."""

_PAPER_FAILURES = ("recoverable_failure", "manipulation_failure", "wrong_move")


def paper_rates(table: str, row: str) -> StageRates:
    """One row of one of the paper's tables of success by stages."""
    numbers = PAPER[table]
    return StageRates({s: rate / 100.0 for s, rate in zip(numbers["stages"], numbers[row], strict=True)}, {})


def rates(report: Report) -> StageRates:
    """A report's success by stages with Wilson intervals."""
    groups = {int(stages): group for stages, group in report["by_stages"].items()}
    return StageRates(
        {stages: group["rate"] for stages, group in groups.items()},
        {stages: tuple(group["wilson_95"]) for stages, group in groups.items()},
    )


def draw(reports: Mapping[str, Report], folder: Path, table: str | None = "success_test_tasks") -> None:
    """Draw ``success.png`` (as figure 9) and ``failures.png`` (as figure 12) into ``folder``.

    Args:
        reports: by label, one or several.
        folder: where to.
        table: the paper's table of the same split, ``success_test_tasks`` or ``success_training_tasks``; None to leave
            the paper's bars out.
    """
    rows = {"Paper: DAGGER": "dagger", "Paper: scripted expert": "scripted_expert"}
    paper = {label: paper_rates(table, row) for label, row in rows.items()} if table else {}
    draw_success({label: rates(report) for label, report in reports.items()}, paper, folder / "success.png")
    panels = {label: _shares(report) for label, report in reports.items()}
    published = {"Paper: DAGGER": _paper_shares("failures_dagger")} if table else {}
    draw_failures({**published, **panels}, folder / "failures.png")


def _shares(report: Report) -> dict[int, tuple[float, float, float, float]]:
    shares = {}
    for stages, group in report["by_stages"].items():
        recoverable, manipulation, wrong = (group["failures"][kind.value] / group["episodes"] for kind in FAILURES)
        shares[int(stages)] = (group["rate"], recoverable, manipulation, wrong)
    return shares


def _paper_shares(table: str) -> dict[int, tuple[float, float, float, float]]:
    numbers = PAPER[table]
    rows = zip(numbers["success"], *(numbers[kind] for kind in _PAPER_FAILURES), strict=True)
    return {
        stages: (success / 100.0, recoverable / 100.0, manipulation / 100.0, wrong / 100.0)
        for stages, (success, recoverable, manipulation, wrong) in zip(numbers["stages"], rows, strict=True)
    }


def stages_table(report: Report, table: str, row: str = "dagger") -> str:
    """A report by stages as Markdown beside the paper's ``row`` of ``table``."""
    numbers = PAPER[table]
    paper = dict(zip(numbers["stages"], numbers[row], strict=True))
    text = [
        f"| stages | paper ({numbers['source']}) | ours | Wilson 95 % | episodes | s a block | failures |",
        "|---" * 7 + "|",
    ]
    for stages, group in [*report["by_stages"].items(), ("all", report["all"])]:
        published = f"{paper[int(stages)]:.1f} %" if stages != "all" and int(stages) in paper else "-"
        text.append(f"| {stages} | {published} | {_cells(group)} | {_failures(group)} |")
    text += ["", f"{report['demonstrations_redrawn']} demonstrations missed their layout and were drawn again."]
    return "\n".join([*text, ""])


def comparison_table(reports: Mapping[str, Report], table: str) -> str:
    """Several reports by stages as Markdown, each beside the row of the paper's ``table`` with its label."""
    numbers = PAPER[table]
    rows = {label: numbers.get(label.lower().replace(" ", "_")) for label in reports}
    text = [
        "| stages | episodes | " + " | ".join(f"{label}: paper | ours" for label in reports) + " |",
        "|---" * (2 + 2 * len(reports)) + "|",
    ]
    first = next(iter(reports.values()))
    for stages, group in [*first["by_stages"].items(), ("all", first["all"])]:
        cells = []
        for label, report in reports.items():
            row = dict(zip(numbers["stages"], rows[label] or [], strict=False))
            published = row.get(int(stages)) if stages != "all" else None
            ours = report["all"] if stages == "all" else report["by_stages"][stages]
            cells.append("-" if published is None else f"{published:.1f} %")
            cells.append(rate(ours))
        text.append(f"| {stages} | {group['episodes']} | " + " | ".join(cells) + " |")
    failed = {label: _failures(report["all"]) for label, report in reports.items()}
    text += ["", f"Paper: {numbers['source']}. Ours with Wilson 95 % intervals; how the other episodes ended:", ""]
    text += [f"- {label}: {kinds}" for label, kinds in failed.items()]
    return "\n".join([*text, ""])


def summary_table(reports: Mapping[str, Report]) -> str:
    """Several reports over all stages as Markdown, a line for each label."""
    text = ["| | ours | Wilson 95 % | episodes | s a block | failures | hand stood still |", "|---" * 7 + "|"]
    for label, report in reports.items():
        group = report["all"]
        text.append(f"| {label} | {_cells(group)} | {_failures(group)} | {group['stood_still']['stood']} |")
    return "\n".join([*text, ""])


def baselines_table(reports: Mapping[str, Mapping[str, Report]]) -> str:
    """Success of several policies as Markdown: a line for each title, in it a report for each label."""
    labels = list(next(iter(reports.values())))
    text = [f"| | {' | '.join(labels)} |", "|---" * (1 + len(labels)) + "|"]
    for title, by_label in reports.items():
        cells = [f"{rate(report['all'])} of {report['all']['episodes']}" for report in by_label.values()]
        text.append(f"| {title} | {' | '.join(cells)} |")
    text += ["", "Success (Wilson 95 %) of episodes; how the others ended:", ""]
    for title, by_label in reports.items():
        ends = [f"{label}: {_failures(report['all'])}" for label, report in by_label.items()]
        text.append(f"- {title}: {'; '.join(ends)}")
    return "\n".join([*text, ""])


def permutations_table(report: Report) -> str:
    """Success of equivalent tasks as Markdown beside the paper's table 6."""
    paper = PAPER["permutations"]
    text = ["| task | paper (Table 6) | ours | Wilson 95 % | episodes | s a block |", "|---" * 6 + "|"]
    for task, group in report["by_task"].items():
        text.append(f"| {task} | {paper[task]} % | {_cells(group)} |")
    return "\n".join([*text, ""])


def rate(group: Mapping[str, Any]) -> str:
    """Success of a group of episodes with its Wilson 95 % interval."""
    low, high = group["wilson_95"]
    return f"{group['rate']:.1%} ({low:.1%} to {high:.1%})"


def _cells(group: Mapping[str, Any]) -> str:
    low, high = group["wilson_95"]
    seconds = "-" if group["seconds_per_stage"] is None else f"{group['seconds_per_stage']:.2f}"
    return f"{group['rate']:.1%} | {low:.1%} to {high:.1%} | {group['episodes']} | {seconds}"


def _failures(group: Mapping[str, Any]) -> str:
    named = [f"{count} {kind.replace('_', ' ')}" for kind, count in group["failures"].items() if count]
    return ", ".join(named) or "-"
