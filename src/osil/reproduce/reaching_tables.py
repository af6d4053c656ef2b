"""The paper's tables 1 and 2 beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from osil.figures.reaching import NAMES
from osil.reproduce.paper import published

PAPER = published("particle_reaching")

LANDMARKS: tuple[int, ...] = tuple(PAPER["unseen"]["landmarks"])
"""Sizes of the paper's task families, a column of its tables for each."""

_TITLES = {
    "seen": "Table 1: demonstrations and initial configurations seen in training",
    "unseen": "Table 2: unseen demonstrations and initial configurations",
    "unseen_more": "Table 2 again, the same policies over more configurations",
}

Results = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""By architecture and number of landmarks: rates named as in ``_TITLES`` (see ``osil.evaluation.reaching.rate``)."""


def paper_tables(results: Results) -> str:
    """Tables 1 and 2 as Markdown: for each cell the paper's figure, ours, and its Wilson 95 % interval."""
    text = ["# Particle reaching as in the paper", ""]
    for key, title in _TITLES.items():
        paper = PAPER["seen" if key == "seen" else "unseen"]
        text += [f"## {title}", "", *_header("landmarks")]
        for column, landmarks in enumerate(LANDMARKS):
            cells = [
                f"{paper[name][column]:.1f}% | {cell(results.get(name, {}).get(landmarks, {}).get(key))}"
                for name in NAMES
            ]
            text.append(f"| {landmarks} | {' | '.join(cells)} |")
        text.append("")
    return "\n".join(text)


def cell(one: Mapping[str, Any] | None) -> str:
    """A rate with its interval and the number of episodes."""
    if one is None:
        return "not run yet"
    low, high = one["wilson_95"]
    return f"{one['rate']:.1%} ({low:.1%} to {high:.1%}, n = {one['episodes']})"


def _header(first: str) -> list[str]:
    names = " | ".join(f"{name}, paper | ours" for name in NAMES.values())
    return [f"| {first} | {names} |", "|---" * (1 + 2 * len(NAMES)) + "|"]


def better_table(results: Results, sizes: tuple[int, ...]) -> str:
    """The better recipe's success on unseen demonstrations and scenes as Markdown, beside the paper's at 10."""
    columns = " | ".join(f"{size} landmarks" for size in sizes)
    text = ["# Particle reaching by the better recipe", ""]
    text += [f"| architecture | paper, {LANDMARKS[-1]} landmarks | {columns} |", "|---" * (2 + len(sizes)) + "|"]
    for name, title in NAMES.items():
        ours = " | ".join(cell(results.get(name, {}).get(size, {}).get("unseen")) for size in sizes)
        text.append(f"| {title} | {PAPER['unseen'][name][-1]:.1f}% | {ours} |")
    return "\n".join([*text, ""])


def longer_table(before: Mapping[str, Any], results: Results) -> str:
    """What more training brought: as Markdown, a row for each policy.

    Args:
        before: the results of the same recipe without it, as in its JSON file, where numbers of landmarks are text.
            Those that are not there are told as not run.
        results: those with it.
    """
    text = ["# Particle reaching, trained for longer", ""]
    text += ["| architecture | landmarks | paper | before: steps | success | now: steps | success |", "|---" * 7 + "|"]
    for name, title in NAMES.items():
        for landmarks, longer in sorted(results[name].items()):
            paper = f"{PAPER['unseen'][name][LANDMARKS.index(landmarks)]:.1f}%" if landmarks in LANDMARKS else "-"
            row = [title, str(landmarks), paper]
            for one in (before.get(name, {}).get(str(landmarks)), longer):
                rate = one and one.get("unseen_more", one["unseen"])
                row += [str(one["curve"]["step"]) if one else "-", cell(rate)]
            text.append(f"| {' | '.join(row)} |")
    return "\n".join([*text, ""])
