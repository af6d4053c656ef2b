"""Processes that make training data and validate beside the one that learns."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import Any

import torch
from tqdm import tqdm

from osil.lifeline import end_with
from osil.workers import deaf_to_interrupts, within_cores


class _SendingCopies(ProcessPoolExecutor):
    """What is asked of it travels whole.

    As torch has it, a worker would fetch each tensor of a policy from a thread of this process, which tells a traceback
    if the worker is ended amid that.
    """

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(_unpack_and_call, pickle.dumps((call, args, kwargs)))


def _unpack_and_call(packed: bytes) -> Any:
    call, args, kwargs = pickle.loads(packed)
    return call(*args, **kwargs)


def _begin(parent: int, threads: int) -> None:
    end_with(parent)  # which may be killed: then nobody would ever tell this one to end
    torch.set_num_threads(threads)


@contextmanager
def data_processes(count: int, threads: int) -> Iterator[ProcessPoolExecutor | None]:
    """``count`` fresh processes of ``threads`` each, no more than there are cores; None: for 0, or where the machine
    allows none.

    Fresh, because what torch has begun in this one does not survive a fork. Ctrl-C in a terminal goes to all processes:
    these are deaf to it, and are ended by the one that trains.
    """
    if not count:
        yield None
        return
    others = active_children()
    executor = None
    try:
        with deaf_to_interrupts():
            executor = _SendingCopies(
                within_cores(count), get_context("spawn"), initializer=_begin, initargs=(os.getpid(), threads)
            )
            executor.submit(int)  # begins them now
    except (OSError, NotImplementedError) as error:
        tqdm.write(f"this machine allows no worker processes ({error}), so training data are made in between")
        executor = None
    if executor is None:
        yield None
        return
    with executor:
        try:
            yield executor
        except BaseException:
            for child in active_children():  # nobody wants what they make any more, which may take long
                if child not in others:
                    child.terminate()
            raise
