"""Nodes that end with the program that started them, however that one ends; nodes started by hand live on."""

from __future__ import annotations

import os

from osil.lifeline import end_with

_VARIABLE = "OSIL_LIFELINE"
"""Environment variable with the process id of the program on which a node's life hangs."""


def lifeline() -> dict[str, str]:
    """Environment for nodes that shall end with this process."""
    return {_VARIABLE: str(os.getpid())}


def hold_lifeline() -> None:
    """From now on this process gets SIGTERM once the program has gone that started it with ``lifeline()``."""
    if _VARIABLE in os.environ:
        end_with(int(os.environ[_VARIABLE]))
