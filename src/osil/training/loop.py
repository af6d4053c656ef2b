"""The training loop: visible, resumable, and the same for every network of the project."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from osil.training import processes
from osil.training.optimization import OptimizationConfig

CHECKPOINT, CURVE = "checkpoint.pt", "learning_curve.jsonl"

Metrics = dict[str, float]


@dataclass(frozen=True)
class LoopConfig:
    """How long to train and how often to look.

    Attributes:
        steps: optimizer steps in all.
        validate_every: steps between two validations, each followed by a checkpoint.
        log_every: steps between two log lines.
        precision: ``bf16`` for autocast (a quarter less time on a CPU that has it), or ``fp32``.

    With several processes (``osil.training.processes``) each step takes a batch from each of them.
    """

    steps: int = 6000
    validate_every: int = 1000
    log_every: int = 50
    precision: str = "bf16"


def train(
    objective: nn.Module,
    next_batch: Callable[[], Any],
    loop: LoopConfig,
    optimization: OptimizationConfig,
    folder: Path,
    validate: Callable[[int], Metrics] | None = None,
    resume: bool = False,
    converged: Callable[[], bool] | None = None,
) -> None:
    """Minimize ``objective(batch)``, which returns a loss and a dict of tensors to log.

    Writes into ``folder``: a checkpoint, ``learning_curve.jsonl`` (a line each validation) and TensorBoard events. Of
    several processes only the first validates and writes.

    Args:
        objective: module whose parameters are trained.
        next_batch: draws a batch; in each process from a random stream of its own.
        loop: how long and how often.
        optimization: how.
        folder: where to write.
        validate: measures the policy as it stands after so many steps.
        resume: go on from the checkpoint in ``folder`` if there is one.
        converged: asked after each validation whether to end early.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = optimization.build(objective.parameters())
    start, seconds = _restore(folder, objective, optimizer) if resume else (0, 0.0)
    began = time.monotonic() - seconds
    first, model = processes.first(), processes.shared(objective)
    device = next(objective.parameters()).device.type
    writer = SummaryWriter(str(folder)) if first else None
    bar = tqdm(
        range(start, loop.steps),
        initial=start,
        total=loop.steps,
        unit="step",
        dynamic_ncols=True,
        disable=not first,
    )
    sums: dict[str, Tensor] = {}
    since = 0
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = optimization.rate(step, loop.steps)
        batch = next_batch()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=loop.precision == "bf16"):
            loss, details = model(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(objective.parameters(), optimization.clip)
        optimizer.step()

        done = step + 1
        for name, value in {"loss": loss, **details}.items():
            sums[name] = sums.get(name, 0.0) + value.detach().float()
        since += 1
        if writer and done % loop.log_every == 0:
            _log(writer, done, {"loss": loss, **details})
            bar.set_postfix(loss=f"{loss.item():.3f}")
        if done % loop.validate_every and done < loop.steps:
            continue
        if writer:
            minutes = (time.monotonic() - began) / 60.0
            metrics = {name: round(float(total) / since, 4) for name, total in sums.items()}
            metrics |= validate(done) if validate else {}
            _log(writer, done, metrics)
            with (folder / CURVE).open("a", encoding="utf-8") as curve:
                curve.write(json.dumps({"step": done, "minutes": round(minutes, 2), **metrics}) + "\n")
            tqdm.write(f"step {done}, {minutes:.1f} min: " + ", ".join(f"{k} {v:.4g}" for k, v in metrics.items()))
            _save(folder, objective, optimizer, done, time.monotonic() - began)
        sums, since = {}, 0
        if processes.agreed(first and converged is not None and converged()):
            break
    bar.close()
    if writer:
        writer.close()


def _log(writer: SummaryWriter, step: int, values: dict[str, Tensor] | Metrics) -> None:
    for name, value in values.items():
        writer.add_scalar(name, float(torch.as_tensor(value).detach()), step)


def _save(folder: Path, objective: nn.Module, optimizer: torch.optim.Optimizer, step: int, seconds: float) -> None:
    state = {
        "objective": objective.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "seconds": seconds,
    }
    partial = folder / (CHECKPOINT + ".partial")
    torch.save(state, partial)
    partial.replace(folder / CHECKPOINT)


def steps_done(folder: Path) -> int:
    """Steps after which the checkpoint in ``folder`` was made; 0 without one. The weights in it are not read."""
    path = folder / CHECKPOINT
    return int(torch.load(path, weights_only=True, mmap=True)["step"]) if path.exists() else 0


def _restore(folder: Path, objective: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[int, float]:
    """Step and seconds reached so far; (0, 0) without a checkpoint."""
    path = folder / CHECKPOINT
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True, map_location="cpu")
    objective.load_state_dict(state["objective"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), float(state["seconds"])
