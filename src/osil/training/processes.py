"""Several processes that train one network together: ``torchrun -m osil.cli train ...``. Without torchrun: one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@contextmanager
def together() -> Iterator[int]:
    """Join the processes that torchrun has started, and yield the rank of this one; 0 if it is alone.

    Tensors and networks that are made inside lie on the GPU, a GPU a process, where there is one.
    """
    rank, count, local = (int(os.environ.get(name, alone)) for name, alone in _ENVIRONMENT.items())
    gpu = torch.device("cuda", local) if torch.cuda.is_available() else None
    if gpu:
        torch.cuda.set_device(gpu)
    if count > 1:
        distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        with gpu or nullcontext():
            yield rank
    finally:
        if count > 1:
            distributed.destroy_process_group()


_ENVIRONMENT = {"RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0}
"""What torchrun tells each process, and what holds without it."""


def first() -> bool:
    """Whether this is the process that validates, logs and saves."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def shared(objective: nn.Module) -> nn.Module:
    """The objective with all processes' gradients averaged, and with the first one's weights to begin with."""
    # A network may have weights that the settings of a run leave unused.
    return (
        DistributedDataParallel(objective, find_unused_parameters=True) if distributed.is_initialized() else objective
    )


def agreed(answer: bool) -> bool:
    """The first process's answer, in all processes. The others wait for it."""
    if not distributed.is_initialized():
        return answer
    answers = [answer]
    distributed.broadcast_object_list(answers)
    return answers[0]
