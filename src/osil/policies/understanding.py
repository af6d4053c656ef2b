"""What a policy understood of a demonstration: its stages in order, read from the policy's own attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from osil.core import FloatArray
from osil.errors import DemonstrationError

FLICKER = 2
"""Stages seen for no more than so many of the moments looked at in a row are between two stages, not one of their own.
"""


@dataclass(frozen=True)
class UnderstoodStage:
    """One stage, as the policy reads it.

    Attributes:
        source: index of the block that is moved.
        target: index of the block that it is put on.
        begin, end: the first step of the demonstration that shows it, and the first that does not any more.
        confidence: share of the attention that both blocks have in between, 0 to 1: the mean of the product.
    """

    source: int
    target: int
    begin: int
    end: int
    confidence: float


def stages(source: FloatArray, target: FloatArray, steps: Sequence[int]) -> tuple[UnderstoodStage, ...]:
    """Tell stages from attention to blocks over time.

    Args:
        source: ``[T, B]`` attention of the head that looks at the block to move, at T moments of the demonstration.
        target: ``[T, B]`` the same of the head that looks at the block to put it on.
        steps: T + 1 steps of the demonstration: where the moments are, and where the last of them ends.
    """
    pairs = list(zip(source.argmax(-1).tolist(), target.argmax(-1).tolist(), strict=True))
    runs = [(pair, len(list(run))) for pair, run in groupby(pairs)]
    kept = [pair if length > FLICKER else None for pair, length in runs for _ in range(length)]
    moments = [(pair, moment) for moment, pair in enumerate(kept) if pair is not None]
    sure = source.max(-1) * target.max(-1)
    found = []
    for (moved, below), run in groupby(moments, key=lambda one: one[0]):
        own = [moment for _, moment in run]
        confidence = float(np.mean(sure[own]))
        found.append(UnderstoodStage(moved, below, int(steps[own[0]]), int(steps[own[-1] + 1]), confidence))
    return tuple(found)


def check_sure(understood: Sequence[UnderstoodStage], least: float) -> None:
    """Raise DemonstrationError if there is no stage, or one of which the policy is less sure than ``least``."""
    if not understood:
        raise DemonstrationError(
            "the policy sees no stage in this demonstration; record one in which a block is put on another"
        )
    unsure = min(understood, key=lambda stage: stage.confidence)
    if unsure.confidence < least:
        raise DemonstrationError(
            f"the policy is {unsure.confidence:.0%} sure that block {unsure.source} is put on block {unsure.target} in "
            f"steps {unsure.begin} to {unsure.end} of this demonstration (blocks count from 0), and needs {least:.0%}; "
            "record it again, steadily, with the other blocks out of the way"
        )
