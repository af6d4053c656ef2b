"""What is asked of the processes beside the one that learns, and how they end."""

from __future__ import annotations

import time

import pytest
import torch

from osil.training.data_processes import data_processes


def test_what_is_sent_is_a_copy() -> None:
    """In memory shared with the one that learns, what is done to it there would be seen here."""
    weights = torch.ones(3)
    with data_processes(1, 1) as executor:
        assert executor
        assert executor.submit(torch.Tensor.zero_, weights).result().sum() == 0
        assert [there.sum() for there in executor.map(torch.Tensor.zero_, [weights])] == [0]
    assert weights.sum() == 3


def test_nobody_waits_for_what_nobody_wants() -> None:
    def fail() -> None:
        with data_processes(1, 1) as executor:
            assert executor
            executor.submit(time.sleep, 3600)
            raise ValueError("while it is at work")

    with pytest.raises(ValueError, match="at work"):
        fail()
