"""Work in several processes."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from multiprocessing import resource_tracker
from typing import Any

from joblib import Parallel
from joblib.parallel import get_active_backend


def in_processes(calls: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Results of calls, each made by ``joblib.delayed``, in the order in which they are done, ``jobs`` at once.

    Ctrl-C in a terminal goes to all processes; the workers are deaf to it, and end without a word when this one does.
    """
    backend, _ = get_active_backend()
    if not backend.supports_return_generator:  # Ray's gives all at the end
        return iter(Parallel(n_jobs=jobs)(calls))
    resource_tracker.ensure_running()  # first, because when it starts it makes SIGINT heard again
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is begun now inherits it
    try:
        results: Iterator[Any] = Parallel(n_jobs=jobs, return_as="generator_unordered")(calls)
        return results
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
