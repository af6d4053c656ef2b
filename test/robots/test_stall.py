"""What is commanded and does not move is noticed, and nothing else."""

from __future__ import annotations

import numpy as np

from osil.robots.stall import Stall


def watch(stall: Stall, commanded: list[bool], positions: list[float], start: float = 0.0) -> list[bool]:
    return [
        stall.update(start + 0.1 * step, *one)
        for step, one in enumerate(zip(commanded, map(np.array, positions), strict=True))
    ]


def test_commanded_and_unmoved_for_a_second() -> None:
    stalled = watch(Stall(1.0, 0.01), [True] * 15, [0.5] * 15)
    assert not any(stalled[:10])
    assert all(stalled[11:])


def test_nobody_commands_or_it_moves() -> None:
    assert not any(watch(Stall(1.0, 0.01), [False] * 30, [0.5] * 30))
    assert not any(watch(Stall(1.0, 0.01), [True] * 30, [0.002 * step for step in range(30)]))
    assert not any(watch(Stall(1.0, 0.01), [True] * 9 + [False] + [True] * 9, [0.5] * 19))


def test_a_new_stream_and_a_clock_set_back_begin_anew() -> None:
    stall = Stall(1.0, 0.01)
    watch(stall, [True] * 9, [0.5] * 9, start=100.0)
    assert not any(watch(stall, [True] * 9, [0.5] * 9, start=50.0))
    stall.reset()
    assert not any(watch(stall, [True] * 9, [0.5] * 9, start=60.0))
