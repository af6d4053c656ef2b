"""Which floating-point numbers a run computes with: those with which the machine at hand is quickest."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor, nn

Precision = Literal["bf16", "fp32"]

TRIALS = 3
"""Steps that are timed with each precision, after one that is not."""


def autocast(precision: Precision, objective: nn.Module) -> torch.autocast:
    """The context in which ``objective`` computes with this precision."""
    device = next(objective.parameters()).device.type
    return torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16")


def choose(wanted: Precision, objective: nn.Module, batch: Any) -> tuple[Precision, str]:
    """The precision for a run, and why it is not the one wanted; an empty string where it is.

    Not every machine has bfloat16. Some lack it for one kind of layer only, and others have it, but many times slower
    than single precision. So it is tried, with the network and a batch of the run.

    Args:
        wanted: ``fp32``, or ``bf16`` where it pays.
        objective: returns a loss and something else. A copy is tried, and no random number of the run is used up.
        batch: what it takes.
    """
    if wanted == "fp32":
        return "fp32", ""
    with torch.random.fork_rng():
        single = _seconds("fp32", deepcopy(objective), batch)  # first: what is wrong otherwise is not taken for bf16's
        try:
            half = _seconds("bf16", deepcopy(objective), batch)
        except RuntimeError as error:
            return "fp32", f"this machine has no bf16 for this network ({str(error).splitlines()[0]}), so fp32 is used"
    if half < single:
        return "bf16", ""
    return "fp32", f"with bf16 a step takes {half / single:.1f} times as long on this machine, so fp32 is used"


def _seconds(precision: Precision, objective: nn.Module, batch: Any) -> float:
    """Seconds of the quickest forward and backward pass."""
    times = []
    for _ in range(1 + TRIALS):
        began = time.perf_counter()
        with autocast(precision, objective):
            loss: Tensor = objective.forward(batch)[0]  # not called: whoever hooks into the run has no part in this
        loss.backward()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:])
