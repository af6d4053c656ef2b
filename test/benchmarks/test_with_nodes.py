"""The programs in benchmarks/ that start nodes run, each with as little work as it takes."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from .programs import run


def test_ros_latency() -> None:
    assert "observation to motion" in run("ros_latency.py", "--pushes", 1)


def test_fetch_stream() -> None:
    _, _, ours, naive = run("fetch_stream.py", "--seconds", 2).splitlines()
    error = lambda row: float(row.split("|")[2])  # noqa: E731
    assert error(ours) < error(naive)


def test_fetch_faults() -> None:
    tries = (run("fetch_faults.py", "--injections", 1, "--only", "fault") for _ in range(3))
    assert any("| fault | FAULT |" in told for told in tries), "a busy machine may hold the bridge up"


def test_page() -> None:
    pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")
    out = run("page.py", "--seconds", 4)
    assert "| it imitates, 3 look on |" in out
    assert "Jerk" in out
    assert "pictures a second" in out or shutil.which("chromium") is None


def test_soak(tmp_path: Path) -> None:
    page = ["--page"] if importlib.util.find_spec("viser") else []
    run("soak.py", "--hours", 0.001, "--output", tmp_path, *page)
    header, row = map(json.loads, (tmp_path / "soak.jsonl").read_text().splitlines())
    assert "machine" in header
    assert row["reached"], row["reason"]
    assert (tmp_path / "soak.png").exists()


def test_imitations(tmp_path: Path) -> None:
    for over in ("simulation", "fetch"):
        out = run("imitations.py", "--over", over, "--episodes", 1, "--max-blocks", 4, "--json", tmp_path / over)
        assert "of 1 episodes succeeded" in out
        (row,) = map(json.loads, (tmp_path / over).read_text().splitlines())
        assert row["seconds"] > 1.0, row["reason"]


def test_kills(tmp_path: Path) -> None:
    told = run("kills.py", "--runs", 1, "--json", tmp_path / "kills.jsonl")
    assert told == run("kills.py", "--runs", 1, "--json", tmp_path / "kills.jsonl"), "what was done is kept"
    (row,) = map(json.loads, (tmp_path / "kills.jsonl").read_text().splitlines())
    assert (row["killed"], row["creep"]) == ("connection", 0.0)
    assert "no connection" in row["ended"]
