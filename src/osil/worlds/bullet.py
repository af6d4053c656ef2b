"""PyBullet, imported here and nowhere else, so that it does not print its build time at every start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Nothing reaches standard error, not even from C, whose output goes past ``sys.stderr``."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


with _silent_stderr():
    import pybullet

__all__ = ["pybullet"]
