"""A picture of the states that a probe swept, and of those that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from osil.core import BoolArray, FloatArray
from osil.errors import ConfigError

SWEPT = 4000
"""So many of the states that lead on are drawn."""


def check_picture(path: Path | None) -> None:
    """Raise ConfigError if this is no name for a picture; None: none is wanted."""
    if path and path.suffix not in (".png", ".svg"):
        raise ConfigError(f"picture {path}: expected a name that ends in .png or .svg")


def draw_probe(goal: FloatArray, kinds: dict[str, BoolArray], marked: dict[str, BoolArray], path: Path) -> None:
    """Where hands see the block that they have to go to, in the plane and from the side.

    Args:
        goal: ``[N, 3]`` where that block is seen, metres, gripper frame.
        kinds: ``[N]`` by title, states of one kind: a row of the picture each.
        marked: ``[N]`` by label, states to draw in colour over all others.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(10.0, 4.0 * len(kinds)), layout="constrained")
    looks = [("o", "#c44e52"), ("^", "#8172b3"), ("s", "#dd8452")]
    plane = np.hypot(goal[:, 0], goal[:, 1])
    for row, (title, rows) in zip(figure.subplots(len(kinds), 2, squeeze=False), kinds.items(), strict=True):
        every = np.flatnonzero(rows)[:SWEPT]
        for axes, across, along in ((row[0], goal[:, 1], goal[:, 0]), (row[1], plane, goal[:, 2])):
            axes.plot(across[every], along[every], ".", markersize=2.0, color="#bbbbbb", label="leads on")
            for (label, which), (marker, colour) in zip(marked.items(), looks, strict=False):
                found = rows & which
                axes.plot(across[found], along[found], marker, markersize=5.0, color=colour, label=label)
        row[0].set(title=f"{title}, from above", xlabel="along the gripper's y, m", ylabel="along x, m")
        row[0].invert_xaxis()  # y points to the left where x points up
        row[1].set(title="from the side", xlabel="distance in the plane, m", ylabel="height of the block, m")
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=130)
