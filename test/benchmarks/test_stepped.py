"""The programs in benchmarks/ that need no nodes run, each with as little work as it takes."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from .programs import BENCHMARKS, run


def test_every_benchmark_is_tried_here() -> None:
    tried = {"dataset.py", "fetch_faults.py", "fetch_stream.py", "gate_faults.py", "imitations.py", "kills.py"}
    tried |= {"late_goals.py", "page.py", "policy.py", "ros_latency.py", "simulation.py", "soak.py", "tracker.py"}
    programs = {path.name for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text()}
    assert programs == tried


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


def test_gate_faults(tmp_path: Path) -> None:
    picture = tmp_path / "stops.png"
    options = "--injections", 1, "--only", "RUN_STOP", "--picture", picture
    rows = [run("gate_faults.py", *options).splitlines()[-1] for _ in range(2)]
    assert rows[0] == rows[1], "a seed gives the same numbers"
    columns = [column.strip() for column in rows[0].split("|")[1:-1]]
    assert columns[0] == "RUN_STOP"
    assert float(columns[8]) <= 100, "percent of the acceleration that the arm may be told"
    assert columns[-4:] == ["0.0", "0.0", "0.0", "1 of 1"]
    assert picture.exists()


def test_late_goals() -> None:
    rows = run("late_goals.py", "--motions", 1).splitlines()[2:]
    at_once, *_, latest = (max(float(column) for column in row.split("|")[2:-1]) for row in rows)
    assert at_once < 150, "percent of the limits, though the controller looks at its own pace"
    assert latest > at_once


def test_tracker(tmp_path: Path) -> None:
    lines, picture = tmp_path / "tracker.jsonl", tmp_path / "tracker.png"
    options = "--episodes", 1, "--max-blocks", 4, "--pictures", 1, "--json", lines, "--picture", picture
    assert "of 1 episodes succeeded" in run("tracker.py", *options)
    (row,) = map(json.loads, lines.read_text().splitlines())
    assert row["error_mm"]["max"] < 1.5
    assert picture.exists()
    assert run("tracker.py", *options).splitlines()[-1].startswith("1 of 1"), "what is there is not run again"
