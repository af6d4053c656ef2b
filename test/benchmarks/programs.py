"""Runs the programs in benchmarks/."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(program: str, *options: object) -> str:
    """What a program prints, in a ROS graph of its own."""
    domain = str(101 + os.getpid() % 100)
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / program), *map(str, options)],
        env={**os.environ, "ROS_DOMAIN_ID": domain, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
