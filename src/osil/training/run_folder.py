"""The folder of a training run: what there is to go on from, and why a run must not begin there."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from osil.errors import ConfigError, ModelError
from osil.files import check_ordinary
from osil.policies.model_folder import CONFIG, WEIGHTS
from osil.settings import differences
from osil.training import processes

CHECKPOINT, PREVIOUS, CURVE = "checkpoint.pt", "checkpoint.previous.pt", "learning_curve.jsonl"

MAY_CHANGE = ("loop", "threads", "workers")
"""Settings that a run may go on with in another way: how long, and on what machine."""


class RunFolder:
    """Where a run writes. One folder holds one run.

    Args:
        path: the folder; made if missing.
        settings: plain values that say what is learned. They are kept in the checkpoint.
        resume: go on from the checkpoint that is there.

    Attributes:
        start: steps done before, 0 for a new run.
        noted: the last step in the learning curve, 0 for none.
        seconds: what these took.

    Raises:
        ConfigError: a new run, and the folder holds one or a model; to resume, and it holds none, or one with other
            settings.
        ModelError: the checkpoint is damaged.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], resume: bool) -> None:
        self.path = path
        self._settings: dict[str, Any] = json.loads(json.dumps(settings))
        self._state: dict[str, Any] | None = None
        self.start, self.noted, self.seconds = 0, 0, 0.0
        if resume:
            self._state = _read(path)
            self._compare(self._state["settings"])
            self.start, self.seconds = self._state["step"], self._state["seconds"]
            self._cut_curve()
        else:
            held = [name for name in (CHECKPOINT, CURVE, WEIGHTS, CONFIG) if (path / name).exists()]
            if held:
                raise ConfigError(
                    f"{path} holds {' and '.join(held)} of another run; go on with that one (--resume), or choose "
                    "another folder"
                )
        path.mkdir(parents=True, exist_ok=True)

    def restore(self, objective: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Give both what the checkpoint holds; nothing in a new run.

        Raises:
            ModelError: it does not fit.
        """
        if self._state:
            try:
                objective.load_state_dict(self._state["objective"])
                optimizer.load_state_dict(self._state["optimizer"])
            except (RuntimeError, KeyError, TypeError, ValueError) as error:
                reason = str(error).partition("\n")[0]
                raise ModelError(
                    f"{self.path / CHECKPOINT} does not fit this network ({reason}); {_instead(self.path)}"
                ) from error

    def save(self, objective: nn.Module, optimizer: torch.optim.Optimizer, step: int, seconds: float) -> None:
        """Write a checkpoint and keep the one before. At every moment one of the two is whole."""
        state = {
            "objective": objective.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "seconds": seconds,
            "settings": self._settings,
        }
        checkpoint, partial = self.path / CHECKPOINT, self.path / (CHECKPOINT + ".partial")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        if checkpoint.exists():
            shutil.copyfile(checkpoint, self.path / PREVIOUS)
        partial.replace(checkpoint)

    def advice(self) -> str:
        """How to go on after a run was stopped."""
        if not resumable(self.path):
            return f"{self.path}: stopped before the first step; nothing was saved"
        return f"step {steps_done(self.path)} is in {self.path / CHECKPOINT}: the same command with --resume goes on"

    def _cut_curve(self) -> None:
        """Drop what a run noted after the checkpoint, for it will be done again, and half a line at the end."""
        path, partial = self.path / CURVE, self.path / (CURVE + ".partial")
        if not path.exists():
            return
        check_ordinary(path, ModelError)
        try:
            lines = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
            steps = [int(json.loads(line)["step"]) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is damaged ({error}); mend or remove it, and resume") from error
        kept = [line for line, step in zip(lines, steps, strict=True) if step <= self.start]
        self.noted = max((step for step in steps if step <= self.start), default=0)
        if processes.first():
            partial.write_text("".join(kept), encoding="utf-8")
            partial.replace(path)

    def _compare(self, before: dict[str, Any]) -> None:
        old, new = (
            {name: value for name, value in settings.items() if name not in MAY_CHANGE}
            for settings in (before, self._settings)
        )
        if changed := differences(old, new):
            raise ConfigError(
                f"{self.path} holds a run with other settings: {changed}; go on with those it began with, or choose "
                "another folder"
            )


def resumable(folder: Path) -> bool:
    """Whether there is something to resume."""
    return (folder / CHECKPOINT).exists()


def steps_done(folder: Path) -> int:
    """Steps after which the checkpoint in ``folder`` was made; 0 without one. Raises ModelError if it is damaged."""
    return int(_read(folder)["step"]) if resumable(folder) else 0


def _read(folder: Path) -> dict[str, Any]:
    path = folder / CHECKPOINT
    if not path.exists():
        raise ConfigError(f"{folder}: nothing to resume, there is no {CHECKPOINT}; {_instead(folder)}")
    check_ordinary(path, ModelError)
    try:
        with zipfile.ZipFile(path) as archive:  # which is what torch writes, without looking at its checksums again
            spoiled = archive.testzip()
        if spoiled:
            raise zipfile.BadZipFile(f"the checksum of {spoiled} is wrong")
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        missing = {"objective", "optimizer", "step", "seconds", "settings"} - state.keys()
    except Exception as error:  # there is no end to what torch raises at a damaged file
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"{path} is damaged ({reason}); {_instead(folder)}") from error
    if missing:
        raise ModelError(f"{path} is no checkpoint of this version: it has no {sorted(missing)}; {_instead(folder)}")
    return state


def _instead(folder: Path) -> str:
    if (folder / PREVIOUS).exists():
        return f"{PREVIOUS} beside it is the one before: rename it to {CHECKPOINT} and resume"
    return "begin anew, without --resume, in a folder that holds no run"
