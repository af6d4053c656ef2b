"""Optimizers and their schedules."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from osil.errors import ConfigError


@dataclass(frozen=True)
class OptimizationConfig:
    """How the weights are changed.

    The paper uses Adamax with a learning rate of 0.001 (section 3.3). AdamW with warm-up and cosine decay reaches the
    same loss in about half the steps, and the decay to zero matters before a policy is judged.

    Attributes:
        optimizer: ``adamax`` or ``adamw``.
        learning_rate: its peak.
        schedule: ``constant``, or ``cosine`` to zero over all steps.
        warmup: steps over which the learning rate rises from zero.
        weight_decay: for adamw.
        clip: greatest norm of the gradient.

    Raises:
        ConfigError: a number is out of range.
    """

    optimizer: Literal["adamax", "adamw"] = "adamw"
    learning_rate: float = 2e-3
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: int = 100
    weight_decay: float = 0.01
    clip: float = 1.0

    def __post_init__(self) -> None:
        if self.learning_rate <= 0 or self.warmup < 0 or self.weight_decay < 0 or self.clip <= 0:
            raise ConfigError(f"{self}: expected learning_rate > 0, warmup >= 0, weight_decay >= 0, clip > 0")

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer for these parameters."""
        if self.optimizer == "adamax":
            return torch.optim.Adamax(parameters, lr=self.learning_rate)
        return torch.optim.AdamW(parameters, lr=self.learning_rate, weight_decay=self.weight_decay)

    def rate(self, step: int, steps: int) -> float:
        """Learning rate at ``step`` of ``steps``."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        decay = 0.5 * (1.0 + math.cos(math.pi * step / steps)) if self.schedule == "cosine" else 1.0
        return self.learning_rate * warm * decay
