"""Nodes that end with the program that started them, however that one ends; nodes started by hand live on."""

from __future__ import annotations

import os
import select
import signal
import threading

_VARIABLE = "OSIL_LIFELINE"
"""Environment variable with the process id of the program on which a node's life hangs."""


def lifeline() -> dict[str, str]:
    """Environment for nodes that shall end with this process."""
    return {_VARIABLE: str(os.getpid())}


def hold_lifeline() -> None:
    """From now on this process gets SIGTERM once the program has gone that started it with ``lifeline()``."""
    if _VARIABLE in os.environ:
        # A thread and not PR_SET_PDEATHSIG, which tells of the end of the thread that started this process.
        threading.Thread(target=_end_with, args=(int(os.environ[_VARIABLE]),), daemon=True).start()


def _end_with(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:  # it went while this process was still starting
        pass
    else:
        select.select([process], [], [])
    os.kill(os.getpid(), signal.SIGTERM)
