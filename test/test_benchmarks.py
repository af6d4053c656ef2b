"""The programs in benchmarks/ run, each with as little work as it takes: nobody runs them every day."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


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


def test_every_benchmark_is_tried_here() -> None:
    tried = {"dataset.py", "fetch_faults.py", "fetch_stream.py", "policy.py"}
    tried |= {"ros_latency.py", "simulation.py", "soak.py", "tracker.py"}
    assert {path.name for path in BENCHMARKS.glob("*.py")} == tried


def test_simulation() -> None:
    assert len(run("simulation.py", "--steps", 2).splitlines()) >= 5


def test_dataset() -> None:
    assert "trajectories" in run("dataset.py", "--trajectories", 1)


def test_policy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("policy_benchmark", BENCHMARKS / "policy.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    monkeypatch.setattr(program, "BLOCKS", (2,))
    monkeypatch.setattr(program, "STAGES", ())
    monkeypatch.setattr(sys, "argv", ["policy.py"])
    program.main()
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_ros_latency() -> None:
    pytest.importorskip("rclpy", reason="no ROS 2 here")
    assert "observation to motion" in run("ros_latency.py", "--pushes", 1)


def test_fetch_stream() -> None:
    pytest.importorskip("rclpy", reason="no ROS 2 here")
    _, _, ours, naive = run("fetch_stream.py", "--seconds", 2).splitlines()
    error = lambda row: float(row.split("|")[2])  # noqa: E731
    assert error(ours) < error(naive)


def test_fetch_faults() -> None:
    pytest.importorskip("rclpy", reason="no ROS 2 here")
    assert "| fault | FAULT |" in run("fetch_faults.py", "--injections", 1, "--only", "fault")


def test_tracker(tmp_path: Path) -> None:
    lines, picture = tmp_path / "tracker.jsonl", tmp_path / "tracker.png"
    options = "--episodes", 1, "--max-blocks", 4, "--pictures", 1, "--json", lines, "--picture", picture
    assert "of 1 episodes succeeded" in run("tracker.py", *options)
    (row,) = map(json.loads, lines.read_text().splitlines())
    assert row["error_mm"]["max"] < 1.5
    assert picture.exists()
    assert run("tracker.py", *options).splitlines()[-1].startswith("1 of 1"), "what is there is not run again"


def test_soak(tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason="no ROS 2 here")
    run("soak.py", "--hours", 0.001, "--output", tmp_path)
    header, row = map(json.loads, (tmp_path / "soak.jsonl").read_text().splitlines())
    assert "machine" in header
    assert row["reached"], row["reason"]
    assert (tmp_path / "soak.png").exists()
