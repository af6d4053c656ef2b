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
_SEEN, _UNSEEN = "--", "-"


def draw_success(
    landmarks: Sequence[int],
    seen: Mapping[str, Sequence[float]],
    unseen: Mapping[str, Sequence[float]],
    intervals: Mapping[str, Sequence[tuple[float, float]]],
    paper: Mapping[str, Sequence[float]],
    path: Path,
) -> None:
    """Figure 8: success against the number of landmarks, all rates between 0 and 1.

    Args:
        landmarks: ``[F]`` sizes of the task families.
        seen, unseen: ``[F]`` rates by architecture; NaN where there is none yet.
        intervals: ``[F]`` limits of the unseen rates.
        paper: the paper's unseen rates, drawn as crosses.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, colour in _COLOURS.items():
        low, high = 100.0 * np.array(intervals[name]).T
        axes.fill_between(landmarks, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(landmarks, 100.0 * np.array(seen[name]), _SEEN, color=colour, label=f"{NAMES[name]} (train)")
        axes.plot(landmarks, 100.0 * np.array(unseen[name]), _UNSEEN, color=colour, label=f"{NAMES[name]} (test)")
        axes.plot(landmarks, 100.0 * np.array(paper[name]), "x", color=colour, label=f"{NAMES[name]} (paper, test)")
    _percent(axes)
    axes.set_xlabel("number of landmarks")
    axes.legend(fontsize=8, loc="lower left")
    _save(figure, path)


def draw_learning_curves(
    curves: Mapping[int, Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float]]]], path: Path
) -> None:
    """Figure 14: success while learning, moving averages over 10 epochs, one panel a number of landmarks.

    Args:
        curves: by number of landmarks and architecture: epochs, and the rates on seen and on unseen trajectories.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(11.0, 9.0), layout="constrained")
    grid = figure.subplots(3, 3, sharey=True)
    for axes, (landmarks, by_name) in zip(grid.flat, sorted(curves.items()), strict=False):
        for name, (epochs, seen, unseen) in by_name.items():
            axes.plot(epochs, 100.0 * moving_average(seen), _SEEN, color=_COLOURS[name], label=f"{NAMES[name]} (train)")
            axes.plot(
                epochs, 100.0 * moving_average(unseen), _UNSEEN, color=_COLOURS[name], label=f"{NAMES[name]} (test)"
            )
        axes.set_title(f"{landmarks} landmarks", fontsize=10)
        axes.set_xlabel("epoch", fontsize=9)
        _percent(axes)
    labelled = dict(
        pair for axes in grid.flat for pair in zip(*reversed(axes.get_legend_handles_labels()), strict=True)
    )
    figure.legend(labelled.values(), labelled.keys(), loc="outside lower center", ncols=3, fontsize=9)
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
    axes.set_ylim(-3, 103)
    axes.set_ylabel("success [%]")
    axes.grid(alpha=0.3)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
