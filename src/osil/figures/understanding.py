"""Reliability of what a policy says it understood: how often it is right, by how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure


def draw_reliability(
    confidence: Sequence[float],
    stages: Sequence[int],
    rate: Sequence[float],
    limits: Sequence[Sequence[float]],
    path: Path,
) -> None:
    """A reliability diagram.

    Args:
        confidence: ``[K]`` middles of ranges of confidence as wide as they are apart.
        stages: ``[K]`` how many stages were understood with such confidence.
        rate: ``[K]`` share of them that were understood rightly.
        limits: ``[K, 2]`` of the 95 % intervals of that.
        path: a .png or .svg file.
    """
    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    above.plot([0, 1], [0, 1], ":", color="#888888", label="as often as it is sure")
    errors = np.abs(np.array(limits) - np.array(rate)[:, None]).T
    above.errorbar(confidence, rate, errors, fmt="o", color="#4c72b0", capsize=2.5, label="measured, 95 % intervals")
    above.set(ylabel="share of stages understood rightly", ylim=(-0.03, 1.03))
    above.legend(frameon=False, loc="upper left")
    below.bar(confidence, stages, 0.045, color="#bbbbbb")
    below.set(xlabel="confidence", ylabel="stages", yscale="log", xlim=(0.0, 1.0))
    figure.savefig(path, dpi=130)
