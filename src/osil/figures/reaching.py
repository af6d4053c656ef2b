"""Pictures of particle reaching: success rates (figure 8), learning curves (figure 14), and a film of one policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from osil.core import FloatArray
from osil.figures.video import Picture, write_video
from osil.tasks.particle_reaching import Arena

NAMES = {
    "plain_lstm": "Plain LSTM",
    "lstm_attention": "LSTM with attention",
    "final_state": "Final state with attention",
}
"""The paper's names of the architectures."""

_COLOURS = {"plain_lstm": "#c44e52", "lstm_attention": "#4c72b0", "final_state": "#55a868"}
_MARKERS = {"plain_lstm": "o", "lstm_attention": "s", "final_state": "^"}
_APART = {"plain_lstm": -0.13, "lstm_attention": 0.0, "final_state": 0.13}
"""Sideways shift in units of landmarks, so that equal rates do not hide each other."""

PANELS = {"seen": "seen in training (table 1)", "unseen": "never seen (table 2)"}

SuccessRates = Mapping[str, Sequence[float]]
"""By architecture, ``[F]`` rates between 0 and 1, one a task family; NaN where there is none yet."""


def draw_success(
    landmarks: Sequence[int],
    ours: Mapping[str, SuccessRates],
    intervals: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]],
    paper: Mapping[str, SuccessRates],
    path: Path,
) -> None:
    """Figure 8: success against the number of landmarks, a panel for each of PANELS.

    Args:
        landmarks: ``[F]`` sizes of the task families.
        ours: by panel.
        intervals: by panel and architecture, ``[F]`` limits of our rates.
        paper: by panel, the paper's rates.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(10.5, 4.6), layout="constrained")
    drawn = [rates for source in (intervals, paper) for panel in source.values() for rates in panel.values()]
    lowest = np.nanmin(np.concatenate([np.ravel(rates) for rates in drawn]))  # of runs to come there is nothing yet
    for axes, (panel, title) in zip(figure.subplots(1, 2, sharey=True), PANELS.items(), strict=True):
        for name, colour in _COLOURS.items():
            place = np.array(landmarks) + _APART[name]
            rates, limits = 100.0 * np.array(ours[panel][name]), 100.0 * np.array(intervals[panel][name]).T
            errors = np.abs(limits - rates)
            look = {"color": colour, "marker": _MARKERS[name], "markersize": 6}
            axes.plot(place, 100.0 * np.array(paper[panel][name]), **look, linestyle=":", markerfacecolor="white")
            axes.errorbar(place, rates, errors, **look, linewidth=1.8, elinewidth=1.0, capsize=2.5)
            axes.plot([], [], color=colour, marker=_MARKERS[name], linewidth=1.8, label=NAMES[name])
        axes.plot([], [], "o-", color="#444444", label="ours, with 95 % intervals")
        axes.plot([], [], "o:", color="#444444", markerfacecolor="white", label="the paper's")
        axes.set(title=title, xlabel="number of landmarks", xticks=landmarks)
        _percent(axes)
        axes.set_ylim(bottom=10.0 * np.floor(10.0 * lowest) - 2.0)
        axes.label_outer()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    _save(figure, path)


def draw_learning_curves(
    curves: Mapping[int, Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float]]]], path: Path
) -> None:
    """Figure 14: success while learning, moving averages over 10 epochs, one panel a number of landmarks.

    Args:
        curves: by number of landmarks and architecture: epochs, and the rates on seen and on unseen trajectories.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(10.5, 8.6), layout="constrained")
    grid = figure.subplots(3, 3, sharex=True, sharey=True)
    for axes, (landmarks, by_name) in zip(grid.flat, sorted(curves.items()), strict=False):
        for name, (epochs, seen, unseen) in by_name.items():
            mean, colour = 100.0 * moving_average(unseen), _COLOURS[name]
            axes.plot(epochs, 100.0 * moving_average(seen), "--", color=colour, linewidth=1.2, alpha=0.7)
            axes.plot(epochs, mean, color=colour, linewidth=2.0)
            axes.plot(epochs[-1], mean[-1], _MARKERS[name], color=colour, markersize=6, clip_on=False)
        axes.set_title(f"{landmarks} landmarks", fontsize=10)
        _percent(axes)
        axes.label_outer()
    for axes in grid[-1]:
        axes.set_xlabel("epoch")
    for name, colour in _COLOURS.items():
        axes.plot([], [], color=colour, marker=_MARKERS[name], linewidth=2.0, label=NAMES[name])
    axes.plot([], [], color="#444444", linewidth=2.0, label="never seen")
    axes.plot([], [], "--", color="#444444", linewidth=1.2, label="seen in training")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    _save(figure, path)


def moving_average(rates: Sequence[float], window: int = 10) -> FloatArray:
    """Mean of each rate and those before it, ``window`` in all: ``[E]``."""
    total = np.cumsum(np.concatenate([[0.0], rates]))
    last = np.arange(1, len(rates) + 1)
    first = np.maximum(last - window, 0)
    result: FloatArray = (total[last] - total[first]) / (last - first)
    return result


def film_reaching(
    landmarks: FloatArray, robot: FloatArray, targets: np.ndarray, path: Path, rate: float = 5.0, pause: int = 5
) -> None:
    """A film of a demonstration, in the first panel, and of the policy that saw it, in the others.

    Args:
        landmarks: ``[P, L, 2]`` metres, one row a panel.
        robot: ``[T, P, 2]`` where the robots went.
        targets: ``[P]`` index of the landmark shown, for the frame around it; the policy is never told.
        path: an .mp4 or .gif file.
        rate: pictures a second.
        pause: pictures for which the last one stays.
    """
    write_video(path, _pictures(landmarks, robot, targets, pause), rate)


def _pictures(landmarks: FloatArray, robot: FloatArray, targets: np.ndarray, pause: int) -> Iterator[Picture]:
    columns = (len(landmarks) + 1) // 2
    figure = Figure(figsize=(2.6 * columns, 5.6), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    edge = Arena().half_size + 0.2
    trails, dots = [], []
    for panel, axes in enumerate(figure.subplots(2, columns).flat):
        axes.scatter(*landmarks[panel].T, s=130, c=range(landmarks.shape[1]), cmap="tab10", marker="s", alpha=0.85)
        for index, place in enumerate(landmarks[panel]):
            axes.annotate(chr(ord("a") + index), place, ha="center", va="center", fontsize=9, color="white")
        goal = landmarks[panel, targets[panel]]
        axes.plot(*goal, "o", markersize=22, markerfacecolor="none", markeredgecolor="#333333")
        axes.set_title("shown once" if panel == 0 else "imitated", fontsize=11, weight="bold" if panel == 0 else None)
        axes.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal", xticks=[], yticks=[])
        trails += axes.plot([], [], color="#333333", linewidth=1.5)
        dots += axes.plot([], [], "o", color="black", markersize=8)
    for step in [*range(len(robot)), *[len(robot) - 1] * pause]:
        for panel, (trail, dot) in enumerate(zip(trails, dots, strict=True)):
            trail.set_data(*robot[: step + 1, panel].T)
            dot.set_data(*robot[step : step + 1, panel].T)
        canvas.draw()  # type: ignore[no-untyped-call]
        yield np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]


def _percent(axes: Axes) -> None:
    axes.set(ylim=(-4, 104), ylabel="success [%]")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
