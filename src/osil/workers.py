"""Work in several processes."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from multiprocessing import resource_tracker
from typing import Any

from joblib import Parallel, cpu_count
from joblib.parallel import LokyBackend, get_active_backend

from osil.errors import ConfigError


def within_cores(jobs: int) -> int:
    """How many of ``jobs`` processes or threads make sense: no more than this machine has cores for this program.

    Raises:
        ConfigError: less than one.
    """
    if jobs < 1:
        raise ConfigError(f"jobs {jobs}: expected a whole number of at least 1")
    backend, _ = get_active_backend()
    return min(jobs, cpu_count()) if isinstance(backend, LokyBackend) else jobs  # others have other machines


def in_processes(calls: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Results of calls, each made by ``joblib.delayed``, in the order in which they are done.

    Up to ``jobs`` at once, see ``within_cores``, and no more than there are calls.

    Ctrl-C in a terminal goes to all processes; the workers are deaf to it, and end without a word when this one does.

    Raises:
        ConfigError: less than one job.
    """
    calls = list(calls)
    jobs = min(within_cores(jobs), max(1, len(calls)))
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
