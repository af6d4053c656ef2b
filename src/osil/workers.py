"""Work in several processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from joblib import Parallel, cpu_count
from joblib.parallel import LokyBackend, get_active_backend

from osil.errors import ConfigError
from osil.lifeline import end_with


def within_cores(jobs: int) -> int:
    """How many of ``jobs`` processes or threads make sense: no more than this machine has cores for this program.

    Raises:
        ConfigError: less than one.
    """
    if jobs < 1:
        raise ConfigError(f"jobs {jobs}: expected a whole number of at least 1")
    backend, _ = get_active_backend()
    return min(jobs, cpu_count()) if isinstance(backend, LokyBackend) else jobs  # others have other machines


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that are begun meanwhile are deaf to Ctrl-C, which in a terminal goes to all of them."""
    resource_tracker.ensure_running()  # first, because when it starts it makes SIGINT heard again
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which is inherited
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def in_processes(calls: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Results of calls, each made by ``joblib.delayed``, in the order in which they are done.

    Up to ``jobs`` at once, see ``within_cores``, and no more than there are calls.

    The workers are deaf to Ctrl-C, and end without a word when this process does, however it does.

    Raises:
        ConfigError: less than one job.
    """
    calls = list(calls)
    jobs = min(within_cores(jobs), max(1, len(calls)))
    backend, _ = get_active_backend()
    if not backend.supports_return_generator:  # Ray's gives all at the end
        return iter(Parallel(n_jobs=jobs)(calls))
    lifeline = {"initializer": end_with, "initargs": (os.getpid(),)} if isinstance(backend, LokyBackend) else {}
    with deaf_to_interrupts():
        results: Iterator[Any] = Parallel(n_jobs=jobs, return_as="generator_unordered", **lifeline)(calls)
    return results
