"""Pictures of block-stacking evaluations: success by stages (figure 9) and what failed (figure 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

OUTCOMES = ("success", "recoverable failure", "manipulation failure", "wrong move")
"""The four kinds of episodes of section 5.2.4."""

_OUTCOME_COLOURS = ("#55a868", "#e3b23c", "#c44e52", "#4a4a4a")
_COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#8172b3", "#937860", "#da8bc3")
_PAPER_COLOURS = ("#c8c8c8", "#9a9a9a", "#6e6e6e")


@dataclass(frozen=True)
class StageRates:
    """Success by number of stages, all between 0 and 1.

    Attributes:
        rate: by number of stages.
        interval: limits of the 95 % interval by number of stages; empty where none was published.
    """

    rate: Mapping[int, float]
    interval: Mapping[int, tuple[float, float]]


def draw_success(ours: Mapping[str, StageRates], paper: Mapping[str, StageRates], path: Path) -> None:
    """Bars of success side by side for every number of stages, the paper's in grey, ours with their intervals.

    Args:
        ours: by label, at most six.
        paper: by label, at most three.
        path: a .png or .svg file.
    """
    bars = [
        *zip(paper.items(), _PAPER_COLOURS, strict=False),
        *zip(ours.items(), _COLOURS, strict=False),
    ]
    stages = sorted({count for (_, rates), _ in bars for count in rates.rate})
    figure = Figure(figsize=(2.5 + 1.0 * len(stages), 4.4), layout="constrained")
    axes = figure.subplots()
    width = 0.84 / len(bars)
    for index, ((label, rates), colour) in enumerate(bars):
        at = [position for position, count in enumerate(stages) if count in rates.rate]
        height = np.array([rates.rate[stages[position]] for position in at])
        x = np.array(at) + width * (index - 0.5 * (len(bars) - 1))
        axes.bar(x, 100.0 * height, 0.94 * width, color=colour, label=label)
        if rates.interval:
            low, high = np.array([rates.interval[stages[position]] for position in at]).T
            error = 100.0 * np.maximum(0.0, [height - low, high - height])
            axes.errorbar(x, 100.0 * height, error, fmt="none", ecolor="black", elinewidth=1.0, capsize=2.0)
    _by_stages(axes, stages)
    axes.set_ylim(0.0, 102.0)
    axes.set_ylabel("whole episodes that succeed [%]")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper center", ncols=3, fontsize=9)
    _save(figure, path)


def draw_learning(
    minutes: Sequence[float], rate: Sequence[float], interval: Sequence[tuple[float, float]], path: Path
) -> None:
    """Success over minutes of training, with 95 % intervals.

    Args:
        minutes: of each point.
        rate, interval: success there and its limits, between 0 and 1.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    low, high = 100.0 * np.array(interval).T
    axes.fill_between(minutes, low, high, color=_COLOURS[0], alpha=0.2, linewidth=0.0, label="Wilson 95 %")
    axes.plot(minutes, 100.0 * np.array(rate), "o-", color=_COLOURS[0], label="unseen tasks, 2 to 8 stages")
    axes.axhline(95.0, color="grey", linestyle="--", linewidth=1.0, label="95 %")
    axes.set_ylim(0.0, 102.0)
    axes.set_xlim(left=0.0)
    axes.set_xlabel("minutes of training")
    axes.set_ylabel("whole episodes that succeed [%]")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    _save(figure, path)


def draw_stage_curves(curves: Mapping[str, Mapping[int, Sequence[float]]], path: Path) -> None:
    """Success in single stages over training: a panel for the mean of all, and one for each stage.

    Args:
        curves: by label and training step the success in each stage, between 0 and 1; at most six labels.
        path: a .png or .svg file.
    """
    stages = max(len(rates) for points in curves.values() for rates in points.values())
    columns = -(-(1 + stages) // 2)
    figure = Figure(figsize=(2.6 * columns, 4.8), layout="constrained")
    panels = figure.subplots(2, columns, sharex=True, sharey=True).ravel()
    for (label, points), colour in zip(curves.items(), _COLOURS, strict=False):
        steps = sorted(points)
        rates = 100.0 * np.array([points[step] for step in steps])
        for axes, rate in zip(panels, [rates.mean(1), *rates.T], strict=False):
            axes.plot(steps, rate, "o-", markersize=3.0, color=colour, label=label)
    for axes, title in zip(panels, ["all stages", *(f"stage {stage}" for stage in range(stages))], strict=False):
        axes.set_title(title, fontsize=10)
        axes.grid(alpha=0.3)
    for axes in panels[1 + stages :]:
        axes.set_visible(False)
    panels[0].set_ylim(0.0, 102.0)
    figure.supxlabel("training steps", fontsize=10)
    figure.supylabel("episodes of one stage that succeed [%]", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=9)
    _save(figure, path)


def draw_failures(panels: Mapping[str, Mapping[int, tuple[float, float, float, float]]], path: Path) -> None:
    """Stacked bars of how episodes ended, a panel for each label, a bar for each number of stages.

    Args:
        panels: by label and number of stages the shares of OUTCOMES, which add up to 1.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(1.0 + 3.6 * len(panels), 4.0), layout="constrained")
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (label, shares) in zip(grid, panels.items(), strict=True):
        stages = sorted(shares)
        heights = 100.0 * np.array([shares[count] for count in stages])
        bottoms = np.cumsum(heights, axis=1) - heights
        for outcome, colour, height, bottom in zip(OUTCOMES, _OUTCOME_COLOURS, heights.T, bottoms.T, strict=True):
            axes.bar(range(len(stages)), height, 0.8, bottom=bottom, color=colour, label=outcome)
        axes.set_title(label, fontsize=10)
        _by_stages(axes, stages)
    grid[0].set_ylim(0.0, 100.0)
    grid[0].set_ylabel("episodes [%]")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    _save(figure, path)


def _by_stages(axes: Axes, stages: list[int]) -> None:
    axes.set_xticks(range(len(stages)), [str(count) for count in stages])
    axes.set_xlabel("stages")


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
