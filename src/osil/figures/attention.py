"""Where a policy looked while it acted: the heat maps of figure 13."""

from __future__ import annotations

import string
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from osil.core import CONTROL_PERIOD, FloatArray

_COLOURS, _INK = "Blues", "#333333"

MOMENTS = 60
"""The steps of a demonstration are drawn together in so many rows at most, because few are looked at in each action."""


class AttentionAtOneStep(Protocol):
    """What a policy attended to when it chose one action, shown T steps and seeing B blocks.

    Attributes:
        over_time: ``[T]`` weights over the steps of the demonstration.
        source, target: ``[B]`` weights over the blocks.
    """

    @property
    def over_time(self) -> FloatArray: ...
    @property
    def source(self) -> FloatArray: ...
    @property
    def target(self) -> FloatArray: ...


def draw_attention(
    attention: Sequence[AttentionAtOneStep],
    path: str | Path,
    block_names: Sequence[str] | None = None,
    control_period: float = CONTROL_PERIOD,
) -> None:
    """Draw what was attended to in each control step of an episode, and save the picture.

    Above, attention over blocks: which one to move, and which one to put it on. Below, attention over the time of the
    demonstration: a policy that follows it climbs from the lower left to the upper right.

    Args:
        attention: one entry a control step, all of the same demonstration.
        path: a .png, .svg or .pdf file.
        block_names: B names; left out, the letters a, b, c ...
        control_period: seconds between two entries, and between two steps of the demonstration.
    """
    blocks = len(attention[0].source)
    names = list(block_names or string.ascii_lowercase[:blocks])
    seconds = len(attention) * control_period
    heights = [0.5 + 0.2 * blocks, 0.5 + 0.2 * blocks, 2.2]
    figure = Figure(figsize=(9.0, sum(heights)), layout="constrained")
    above, middle, below = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    for axes, title, weights in (
        (above, "block to move", [one.source for one in attention]),
        (middle, "block to put it on", [one.target for one in attention]),
    ):
        edges = np.arange(blocks + 1) - 0.5
        image = axes.pcolormesh(_times(len(attention), control_period), edges, np.array(weights).T, **_shades(1.0))
        axes.set_yticks(range(blocks), names)
        axes.invert_yaxis()
        _finish(axes, title)
    figure.colorbar(image, ax=[above, middle], label="attention", aspect=30, pad=0.01)

    over_time = np.array([one.over_time for one in attention])
    starts = np.unique(np.linspace(0, over_time.shape[1], MOMENTS, endpoint=False).astype(int))
    moments = np.add.reduceat(over_time, starts, axis=1).T
    edges = np.append(starts, over_time.shape[1]) * control_period
    strongest = max(float(np.quantile(moments.max(0), 0.9)), 1e-6)
    image = below.pcolormesh(_times(len(attention), control_period), edges, moments, **_shades(strongest))
    below.set_ylabel("demonstration [s]", color=_INK)
    below.set_xlabel("imitation [s]", color=_INK)
    below.set_xlim(0.0, seconds)
    _finish(below, "moment of the demonstration")
    figure.colorbar(image, ax=below, label="attention", aspect=18, pad=0.01, extend="max")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _times(steps: int, control_period: float) -> FloatArray:
    """Edges of the control steps, ``[steps + 1]`` seconds."""
    times: FloatArray = np.arange(steps + 1) * control_period
    return times


def _shades(strongest: float) -> dict[str, object]:
    return {"cmap": _COLOURS, "vmin": 0.0, "vmax": strongest, "rasterized": True}


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    axes.tick_params(length=0, labelsize=9, labelcolor=_INK)
    for side in axes.spines.values():
        side.set_visible(False)
