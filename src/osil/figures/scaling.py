"""Picture of how far a policy goes: success and cost over what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter


@dataclass(frozen=True)
class Point:
    """One point of a curve.

    Attributes:
        at: where on its axis.
        rate: success, between 0 and 1.
        interval: limits of its 95 % interval.
        costs: by name, each with its unit; all points of a curve have the same ones.
    """

    at: int
    rate: float
    interval: tuple[float, float]
    costs: Mapping[str, float]


def draw_scaling(curves: Mapping[str, Sequence[Point]], path: Path) -> None:
    """A column for each curve: success above, what it costs below.

    Args:
        curves: points in order, by the label of their axis.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(3.6 * len(curves), 5.6), layout="constrained")
    above, below = figure.subplots(2, len(curves), sharex="col", squeeze=False)
    for success, cost, (label, points) in zip(above, below, curves.items(), strict=True):
        at, rate = [point.at for point in points], 100.0 * np.array([point.rate for point in points])
        low, high = 100.0 * np.array([point.interval for point in points]).T
        success.fill_between(at, low, high, alpha=0.2, linewidth=0.0)
        success.plot(at, rate, "o-")
        success.set_ylim(0.0, 102.0)
        for name in points[0].costs:
            cost.plot(at, [point.costs[name] for point in points], "o-", label=name)
        if len(points[0].costs) > 1:
            cost.set_yscale("log")  # milliseconds beside seconds
        else:
            cost.set_ylim(0.0, 1.2 * max(max(point.costs.values()) for point in points))
        cost.legend(fontsize=8)
        cost.set_xlabel(label)
        if at[-1] > 10 * at[0]:
            cost.set_xscale("log")
        cost.set_xticks(at)
        cost.xaxis.set_major_formatter(ScalarFormatter())
        cost.minorticks_off()
        for axes in (success, cost):
            axes.grid(alpha=0.3)
    above[0].set_ylabel("whole episodes that succeed [%]")
    below[0].set_ylabel("cost")
    figure.savefig(path, dpi=120)
