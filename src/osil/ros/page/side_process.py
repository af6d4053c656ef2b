"""A process beside the page node, for what would keep the node's own thread, and so the arm, waiting."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from osil.lifeline import end_with
from osil.workers import deaf_to_interrupts

R = TypeVar("R")

PATIENT = 10
"""By how much it is nicer than the node: on a busy machine robot and page come first."""


class SideProcess:
    """Does one thing after the other, and ends with this process. Call it from the thread that spins the node."""

    def __init__(self, put: Callable[[Callable[[], object]], object]) -> None:
        """``put``: has something done in the node's thread."""
        self._put = put
        self._executor = _begin()

    def close(self) -> None:
        """End it, as soon as it has done what it is at."""
        self._executor.shutdown(cancel_futures=True)

    def call(self, tell: Callable[[R | str], object], work: Callable[..., R], *arguments: object) -> None:
        """Have ``work(*arguments)`` done there; ``tell`` gets what it returns, or in words why it does not."""
        try:
            future = self._executor.submit(work, *arguments)
        except BrokenProcessPool:  # it was killed
            self._executor = _begin()
            future = self._executor.submit(work, *arguments)
        future.add_done_callback(partial(self._done, tell))

    def _done(self, tell: Callable[[R | str], object], future: Future[R]) -> None:
        if not future.cancelled():
            error = future.exception()
            self._put(partial(tell, future.result() if error is None else str(error)))


def _begin() -> ProcessPoolExecutor:
    executor = ProcessPoolExecutor(1, get_context("spawn"), _settle, (os.getpid(),))  # a fork would have ROS's threads
    with deaf_to_interrupts():
        executor.submit(int)  # with the first thing to do the process begins, which takes a moment
    return executor


def _settle(node: int) -> None:
    """In the process, before it does anything; ``node``: id of the one with which it ends."""
    end_with(node)
    os.nice(PATIENT)
