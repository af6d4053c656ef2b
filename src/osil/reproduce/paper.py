"""The numbers that the paper publishes, read from ``config/paper``."""

from __future__ import annotations

from typing import Any

from osil.files import read_json
from osil.resources import resource_path


def published(family: str) -> dict[str, Any]:
    """The paper's tables by name, in percent, each with its number in the paper under ``source``.

    Args:
        family: of tasks, ``block_stacking`` or ``particle_reaching``.
    """
    numbers: dict[str, Any] = read_json(resource_path("config", "paper", f"{family}.json"))
    return numbers
