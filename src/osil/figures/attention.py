"""Where a policy looked while it acted: the heat maps of figures 13, 16 and 17."""

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

    moments, edges = _together(np.array([one.over_time for one in attention]))
    image = below.pcolormesh(
        _times(len(attention), control_period), edges * control_period, moments.T, **_shades(_strong(moments))
    )
    below.set_ylabel("demonstration [s]", color=_INK)
    below.set_xlabel("imitation [s]", color=_INK)
    below.set_xlim(0.0, seconds)
    _finish(below, "moment of the demonstration")
    figure.colorbar(image, ax=below, label="attention", aspect=18, pad=0.01, extend="max")
    _save(figure, path)


def _save(figure: Figure, path: str | Path) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def draw_block_heads(weights: FloatArray, path: str | Path, titles: Sequence[str]) -> None:
    """Draw the attention over blocks of every head in each control step of an episode (figure 16), and save it.

    Args:
        weights: ``[S, heads, B]``.
        path: a .png, .svg or .pdf file.
        titles: one a head.
    """
    blocks = weights.shape[-1]
    figure, panels = _draw_panels(weights, np.arange(blocks + 1) - 0.5, titles, 1.0)
    panels[0].set_yticks(range(blocks), string.ascii_lowercase[:blocks])
    panels[0].invert_yaxis()  # they share one
    _save(figure, path)


def draw_moment_heads(weights: FloatArray, path: str | Path, titles: Sequence[str]) -> None:
    """Draw the attention over the demonstration of every reading in each control step (figure 17), and save it.

    Args:
        weights: ``[S, readings, T]``.
        path: a .png, .svg or .pdf file.
        titles: one a reading.
    """
    moments, edges = _together(weights)
    figure, panels = _draw_panels(moments, edges * CONTROL_PERIOD, titles, _strong(moments))
    for axes in panels[::2]:
        axes.set_ylabel("demonstration [s]", color=_INK)
    _save(figure, path)


def _draw_panels(
    weights: FloatArray, edges: FloatArray, titles: Sequence[str], strongest: float
) -> tuple[Figure, list[Axes]]:
    """Heat maps ``[S, panels, rows]`` two by two, over the time of the imitation."""
    steps, count, _ = weights.shape
    figure = Figure(figsize=(10.0, 2.6 * -(-count // 2)), layout="constrained")
    panels = list(figure.subplots(-(-count // 2), 2, sharex=True, sharey=True).flat)
    for index, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        image = axes.pcolormesh(_times(steps, CONTROL_PERIOD), edges, weights[:, index].T, **_shades(strongest))
        _finish(axes, title)
    for axes in panels[-2:]:
        axes.set_xlabel("imitation [s]", color=_INK)
    figure.colorbar(
        image, ax=panels, label="attention", aspect=40, pad=0.01, extend="max" if strongest < 1 else "neither"
    )
    return figure, panels


def _together(over_time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Attention ``[..., T]`` summed over neighbouring steps, at most ``MOMENTS`` of them, and their edges in steps."""
    length = over_time.shape[-1]
    starts = np.unique(np.linspace(0, length, MOMENTS, endpoint=False).astype(int))
    return np.add.reduceat(over_time, starts, axis=-1), np.append(starts, length).astype(float)


def _strong(moments: FloatArray) -> float:
    """What is drawn darkest: most of what is looked at most in each step."""
    return max(float(np.quantile(moments.max(-1), 0.9)), 1e-6)


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
