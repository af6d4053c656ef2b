"""Processes that end with another one, however that one ends."""

from __future__ import annotations

import os
import select
import signal
import threading


def end_with(pid: int) -> None:
    """From now on this process gets SIGTERM once the process with this id has gone."""
    # A thread and not PR_SET_PDEATHSIG, which tells of the end of the thread that started this process.
    threading.Thread(target=_wait_for, args=(pid,), daemon=True).start()


def _wait_for(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:  # it went while this process was still starting
        pass
    else:
        select.select([process], [], [])
    os.kill(os.getpid(), signal.SIGTERM)
