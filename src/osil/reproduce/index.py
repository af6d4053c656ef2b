"""Every table and figure of the paper with ours beside it, on one page: ``osil reproduce index``.

The page is made of the reports and pictures that the other experiments have left. It says so where there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osil.figures.reaching import NAMES
from osil.files import read_json
from osil.reproduce import stage_curves
from osil.reproduce.attention import RECORD
from osil.reproduce.comparison import ENSEMBLES, EXPERT, VARIANTS
from osil.reproduce.reaching_tables import LANDMARKS
from osil.reproduce.reaching_tables import PAPER as REACHING
from osil.reproduce.stacking_tables import PAPER as STACKING
from osil.reproduce.stacking_tables import rate
from osil.worlds.judge import FAILURES

PAGE = "README.md"

_HEADS = f"stacking/attention/{RECORD}"

_COMPARED = {EXPERT: "expert", **{label: name for name, label in VARIANTS.items()}}
"""Folders of what ``osil reproduce comparison`` has judged, by label."""


@dataclass(frozen=True)
class Found:
    """What has been measured of a row.

    Attributes:
        ours: in words, in lines, with the paper's numbers beside it.
        episodes: that were judged for it.
        reports: that it is made of.
    """

    ours: str
    episodes: int
    reports: tuple[Mapping[str, Any], ...]

    @property
    def commits(self) -> str:
        """At which it was measured."""
        named = {str(one["versions"].get("git", "not recorded")) for one in self.reports}
        return ", ".join(sorted(name[:7] + " with changes" * name.endswith("-dirty") for name in named))


@dataclass(frozen=True)
class Row:
    """A table or figure of the paper.

    Attributes:
        paper: where it stands there.
        what: is measured.
        command: that measures it.
        page: with all numbers or the picture, relative to the folder of results.
        find: reads off that folder what there is; None: nothing yet.
    """

    paper: str
    what: str
    command: str
    page: str
    find: Callable[[Path], Found | None]


def write_index(results: Path) -> None:
    """Write ``README.md`` into the folder of all results."""
    text = [
        "# The paper's tables and figures, and ours",
        "",
        "Made by `osil reproduce index` of the records in this folder. A rate is followed by its Wilson 95 % interval.",
        "Where the paper has a table by number of stages or landmarks, the greatest number is shown here; the page",
        "that is linked has the others, and the episodes are those of all. Figures 1 to 7 of the paper explain the",
        "tasks and the network: [How the policy works](../docs/how_it_works.md).",
        "",
        "| paper | what | ours | command | commit | episodes |",
        "|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        if found := row.find(results):
            cells = (
                f"[{row.what}]({row.page}) | {found.ours} | {row.command} | {found.commits} | {found.episodes or '-'}"
            )
        else:
            cells = f"{row.what} | not run yet | {row.command} | - | -"
        text.append(f"| {row.paper} | {cells} |")
    (results / PAGE).write_text("\n".join([*text, ""]), encoding="utf-8")


def _read(results: Path, *paths: str) -> tuple[Any, ...] | None:
    """All of these files, or None unless all are there."""
    if not all((results / path).exists() for path in paths):
        return None
    return tuple(read_json(results / path) for path in paths)


def _reaching(panel: str) -> Callable[[Path], Found | None]:
    """Success of the three architectures at the greatest number of landmarks, tables 1 and 2."""

    def find(results: Path) -> Found | None:
        if (read := _read(results, "particle/paper.json")) is None:
            return None
        runs = [run for runs in read[0].values() for run in runs.values()]
        most = str(LANDMARKS[-1])
        told = [
            f"{label} {rate(read[0][name][most][panel])}, paper {REACHING[panel][name][-1]} %"
            for name, label in NAMES.items()
        ]
        return Found("<br>".join(told), sum(run[panel]["episodes"] for run in runs), tuple(runs))

    return find


def _stages(paths: Mapping[str, str], table: str) -> Callable[[Path], Found | None]:
    """Success at the greatest number of stages: by label the path of a report, beside the paper's row of that label."""

    def find(results: Path) -> Found | None:
        if (reports := _read(results, *paths.values())) is None:
            return None
        most = str(STACKING[table]["stages"][-1])
        told = [
            f"{label} {rate(report['by_stages'][most])}, paper {STACKING[table][_key(label)][-1]} %"
            for label, report in zip(paths, reports, strict=True)
        ]
        return Found("<br>".join(told), sum(report["all"]["episodes"] for report in reports), reports)

    return find


def _failures(label: str, path: str) -> Callable[[Path], Found | None]:
    """How episodes of the greatest number of stages ended, tables 7 to 11."""

    def find(results: Path) -> Found | None:
        if (reports := _read(results, path)) is None:
            return None
        numbers = STACKING[f"failures_{_key(label)}"]
        group = reports[0]["by_stages"][str(numbers["stages"][-1])]
        ours = [group["successes"], *(group["failures"][kind.value] for kind in FAILURES)]
        kinds = ("success", *(key for key in numbers if key.endswith(("failure", "move"))))
        told = [
            f"{kind.replace('_', ' ')} {count / group['episodes']:.1%}, paper {numbers[kind][-1]} %"
            for kind, count in zip(kinds, ours, strict=True)
        ]
        return Found("<br>".join(told), reports[0]["all"]["episodes"], reports)

    return find


def _permutations(results: Path) -> Found | None:
    if (reports := _read(results, "stacking/permutations.json")) is None:
        return None
    ours = [group["rate"] for group in reports[0]["by_task"].values()]
    paper = [number for task, number in STACKING["permutations"].items() if task != "source"]
    told = f"{min(ours):.1%} to {max(ours):.1%}, paper {min(paper)} to {max(paper)} %"
    return Found(told, reports[0]["all"]["episodes"], reports)


def _picture(path: str, record: str) -> Callable[[Path], Found | None]:
    """A picture, and the file that says at which commit it was made: a report, or runs by name and size."""

    def find(results: Path) -> Found | None:
        if not (results / path).exists() or (read := _read(results, record)) is None:
            return None
        made = read[0]
        reports = (made,) if "versions" in made else tuple(run for runs in made.values() for run in runs.values())
        return Found("drawn", 0, reports)

    return find


def _page(page: str, records: str) -> Callable[[Path], Found | None]:
    """A page of ours that the paper has nothing like, and the reports that it is made of: a pattern of paths."""

    def find(results: Path) -> Found | None:
        reports = tuple(read_json(path) for path in sorted(results.glob(records)))
        if not (results / page).exists() or not reports:
            return None
        return Found(f"{len(reports)} evaluations", sum(report["all"]["episodes"] for report in reports), reports)

    return find


def _key(label: str) -> str:
    """A row of the paper's tables, by its label."""
    return label.lower().replace(" ", "_")


def _compared(split: str) -> dict[str, str]:
    return {label: f"stacking/comparison/{folder}/{split}.json" for label, folder in _COMPARED.items()}


_ENSEMBLES = {str(size): f"stacking/comparison/ensemble_{size}/test.json" for size in ENSEMBLES}
_PARTICLE = ("`osil reproduce particle`", "particle/paper.md")
_CURVES = ("`osil reproduce particle`", "particle/figure_14.png")
_RELEASED = {
    name: (f"`osil reproduce stacking --only {name}`", "stacking/tables.md")
    for name in ("train", "test", "permutations")
}
_TRAIN = ("`osil reproduce comparison`", "stacking/comparison/comparison_train.md")
_TEST = ("`osil reproduce comparison`", "stacking/comparison/comparison_test.md")
_CONTACT = ("`osil reproduce comparison`", "stacking/comparison/comparison_contact.md")
_ENSEMBLE = ("`osil reproduce comparison`", "stacking/comparison/ensembles.md")
_STAGES = ("`osil reproduce comparison`", f"stacking/comparison/{stage_curves.FIGURE}")
_BLOCKS, _MOMENTS, _SCENES = (
    ("`osil reproduce attention`", f"stacking/attention/figure_{number}.png") for number in (16, 17, 18)
)

_OURS = (
    ("baselines", "stacking/baselines", "policies without a network, in the same episodes"),
    ("changes", "stacking/changes", "the paper as it was, and what each change buys"),
    ("scaling", "stacking/scaling", "over training tasks, demonstrations, blocks and stages"),
)
"""Pages that the paper has nothing like: name, folder, what is measured."""

ROWS = (
    Row("Table 1, figure 8", "particle reaching as in training, 10 landmarks", *_PARTICLE, _reaching("seen")),
    Row("Table 2, figure 8", "particle reaching, unseen, 10 landmarks", *_PARTICLE, _reaching("unseen")),
    Row("Figure 14", "learning curves of particle reaching", *_CURVES, _picture(_CURVES[1], "particle/paper.json")),
    Row(
        "Table 3, figure 9",
        "training tasks, contact physics, the released policy",
        *_RELEASED["train"],
        _stages({"DAGGER": "stacking/train.json"}, "success_training_tasks"),
    ),
    Row(
        "Table 3, figure 9",
        "training tasks, kinematic world, all trained alike",
        *_TRAIN,
        _stages(_compared("train"), "success_training_tasks"),
    ),
    Row(
        "Table 4, figure 9",
        "test tasks, contact physics, the released policy",
        *_RELEASED["test"],
        _stages({"DAGGER": "stacking/test.json"}, "success_test_tasks"),
    ),
    Row(
        "Table 4, figure 9",
        "test tasks, kinematic world, all trained alike",
        *_TEST,
        _stages(_compared("test"), "success_test_tasks"),
    ),
    Row(
        "Table 4, figure 9",
        "test tasks, contact physics, all trained alike",
        *_CONTACT,
        _stages(_compared("contact"), "success_test_tasks"),
    ),
    Row("Table 5, figure 11", "size of the ensemble", *_ENSEMBLE, _stages(_ENSEMBLES, "ensembles")),
    Row("Table 6, figure 10", "24 namings of one task", *_RELEASED["permutations"], _permutations),
    *(
        Row(f"Table {number}, figure 12", f"how episodes end, test tasks: {label}", *_TEST, _failures(label, path))
        for number, (label, path) in enumerate(_compared("test").items(), 7)
    ),
    Row("Figures 13, 16", "attention over blocks", *_BLOCKS, _picture(_BLOCKS[1], _HEADS)),
    Row("Figures 13, 17", "attention over the demonstration", *_MOMENTS, _picture(_MOMENTS[1], _HEADS)),
    Row("Figures 18, 19", "the task of these figures", *_SCENES, _picture(_SCENES[1], _HEADS)),
    Row(
        "Figure 15",
        "learning curves of block stacking, one stage at a time",
        *_STAGES,
        _picture(_STAGES[1], f"stacking/comparison/{stage_curves.RECORD}"),
    ),
    *(
        Row(
            "ours",
            what,
            f"`osil reproduce {name}`",
            f"{folder}/{name}.md",
            _page(f"{folder}/{name}.md", f"{folder}/*/*.json"),
        )
        for name, folder, what in _OURS
    ),
)
