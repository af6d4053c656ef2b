"""The training loop: visible, resumable, and the same for every network of the project."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from osil.files import add_json_line
from osil.settings import check_at_least
from osil.training import processes
from osil.training.optimization import OptimizationConfig
from osil.training.precision import Precision, autocast, choose
from osil.training.run_folder import CURVE, RunFolder

Metrics = dict[str, float]


@dataclass(frozen=True)
class LoopConfig:
    """How long to train and how often to look.

    Attributes:
        steps: optimizer steps in all.
        validate_every: steps between two validations, each followed by a checkpoint.
        log_every: steps between two log lines.
        precision: ``bf16``: by autocast, where the machine is quicker that way (a third less time on a CPU that has
            it); the run tries, and says if not. Or ``fp32``.

    With several processes (``osil.training.processes``) each step takes a batch from each of them.
    """

    steps: int = 6000
    validate_every: int = 1000
    log_every: int = 50
    precision: Precision = "bf16"

    def __post_init__(self) -> None:
        check_at_least(self, steps=1, validate_every=1, log_every=1)


def train(
    objective: nn.Module,
    next_batch: Callable[[], Any],
    loop: LoopConfig,
    optimization: OptimizationConfig,
    folder: RunFolder,
    validate: Callable[[int], Metrics] | None = None,
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
        folder: where to write, and what to go on from.
        validate: measures the policy as it stands after so many steps.
        converged: asked after each validation whether to end early.

    Stopped by Ctrl-C it leaves a checkpoint of the last whole step, and says so. Where all steps were done before, it
    says that and does nothing.
    """
    optimizer = optimization.build(objective.parameters())
    folder.restore(objective, optimizer)
    if loop.steps <= folder.start <= folder.noted:
        if processes.first():
            print(
                f"{folder.path} is complete: it has done {folder.start} of {loop.steps} steps; to go on, ask for more "
                "in the settings (loop: steps) and resume again"
            )
        return
    began = time.monotonic() - folder.seconds
    first, model = processes.first(), processes.shared(objective)
    writer = SummaryWriter(str(folder.path), purge_step=folder.start + 1) if first else None
    bar = tqdm(initial=folder.start, total=loop.steps, unit="step", dynamic_ncols=True, disable=not first)
    precision: Precision | None = None
    sums: dict[str, Tensor] = {}
    since = 0
    done, whole = folder.start, True
    try:
        while True:
            if done > folder.noted and (done % loop.validate_every == 0 or done >= loop.steps):
                if writer:
                    minutes = (time.monotonic() - began) / 60.0
                    metrics = {name: round(float(total) / since, 4) for name, total in sums.items()}
                    metrics |= validate(done) if validate else {}
                    _log(writer, done, metrics)
                    add_json_line(folder.path / CURVE, {"step": done, "minutes": round(minutes, 2), **metrics})
                    numbers = ", ".join(f"{k} {v:.4g}" for k, v in metrics.items())
                    tqdm.write(f"step {done}, {minutes:.1f} min: {numbers}")
                    folder.save(objective, optimizer, done, time.monotonic() - began)
                sums, since = {}, 0
                if processes.agreed(first and converged is not None and converged()):
                    break
            if done >= loop.steps:
                break
            for group in optimizer.param_groups:
                group["lr"] = optimization.rate(done, loop.steps)
            batch = next_batch()
            if precision is None:
                precision, reason = choose(loop.precision, objective, batch)
                if writer and reason:
                    tqdm.write(reason)
            with autocast(precision, objective):
                loss, details = model(batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(objective.parameters(), optimization.clip)
            whole = False
            optimizer.step()
            done, whole = done + 1, True

            for name, value in {"loss": loss, **details}.items():
                sums[name] = sums.get(name, 0.0) + value.detach().float()
            since += 1
            bar.update()
            if writer and done % loop.log_every == 0:
                _log(writer, done, {"loss": loss, **details})
                bar.set_postfix(loss=f"{loss.item():.3f}")
    except (KeyboardInterrupt, SystemExit):  # the latter is what the command osil makes of Ctrl-C
        bar.close()
        if writer:
            if whole and done > folder.start:
                folder.save(objective, optimizer, done, time.monotonic() - began)
            print(folder.advice(), file=sys.stderr)
        raise
    bar.close()
    if writer:
        writer.close()


def _log(writer: SummaryWriter, step: int, values: dict[str, Tensor] | Metrics) -> None:
    for name, value in values.items():
        writer.add_scalar(name, float(torch.as_tensor(value).detach()), step)
