"""Picture of what each change to the policy buys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#4c72b0", "#c8c8c8")
"""Of the first, with which the others are compared, and of those."""


def draw_changes(rates: Mapping[str, tuple[float, float, float]], path: Path) -> None:
    """Bars one below the other, each with its interval.

    Args:
        rates: by label: success and the limits of its 95 % interval, between 0 and 1.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(7.0, 1.0 + 0.34 * len(rates)), layout="constrained")
    axes = figure.subplots()
    rate, low, high = 100.0 * np.transpose(list(rates.values()))
    places = np.arange(len(rates))
    colours = [COLOURS[0], *COLOURS[1:] * (len(rates) - 1)]
    errors = np.maximum(0.0, [rate - low, high - rate])
    axes.barh(places, rate, xerr=errors, color=colours, height=0.7, error_kw={"elinewidth": 1.0, "capsize": 2.0})
    axes.set_yticks(places, list(rates))
    axes.invert_yaxis()
    axes.set_xlim(0.0, 102.0)
    axes.set_xlabel("success [%]")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
