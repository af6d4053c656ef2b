"""Work in processes: as many as there is work and cores for, whatever is asked."""

from __future__ import annotations

import os
import time

import joblib
import pytest
from joblib import delayed

from osil.errors import ConfigError
from osil.workers import in_processes, within_cores


@pytest.mark.parametrize("calls", [0, 1, 24])
def test_no_more_processes_than_work_or_cores(calls: int) -> None:
    def who() -> int:
        time.sleep(0.05)  # so that one process does not do all before the others are there
        return os.getpid()

    done = list(in_processes((delayed(who)() for _ in range(calls)), joblib.cpu_count() + 6))
    assert len(done) == calls
    assert len(set(done)) <= min(calls, joblib.cpu_count())


@pytest.mark.parametrize("jobs", [0, -1, -3])
def test_fewer_than_one_is_refused(jobs: int) -> None:
    with pytest.raises(ConfigError, match=f"jobs {jobs}: expected a whole number of at least 1"):
        in_processes([delayed(os.getpid)()], jobs)


def test_other_machines_have_other_cores() -> None:
    assert within_cores(99_999) == joblib.cpu_count()
    with joblib.parallel_config("threading"):
        assert within_cores(99_999) == 99_999
