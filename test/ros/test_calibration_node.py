"""A camera is calibrated as an operator does it: grasp, let go, drive away, again; and then it is where it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from std_srvs.srv import Trigger

from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.settings import from_yaml
from osil.tasks.blocks import NOMINAL
from osil.tracking.camera import CameraPose

from .camera_cell import FETCH, POSE, CameraCell

AWAY = np.array([0.6, 0.0, FETCH.table.height + 0.3])
PLACES = np.array([[0.55, -0.3, 0.42], [0.68, -0.1, 0.46], [0.55, 0.05, 0.42], [0.65, 0.3, 0.42], [0.5, 0.3, 0.5]])
"""Centres of the block, on the table and higher, as on other blocks."""


@pytest.fixture
def cell(ros: None) -> Iterator[CameraCell]:
    cell = CameraCell(AWAY, PLACES[:1])
    yield cell
    cell.close()


@pytest.fixture
def output(processes: NodeProcesses, folder: Path) -> Iterator[Path]:
    """What the running node shall write."""
    output = folder / "camera_pose.yaml"
    processes.start("calibration", {"use_sim_time": False, "output": str(output)})
    yield output
    processes.stop(["calibration"])


def ask(client: Client, service: str) -> Trigger.Response:
    return client.call(f"calibration/{service}", Trigger)


def sample(client: Client) -> str:
    """As soon as the node has seen where the hand is now."""
    deadline = time.monotonic() + 60.0
    while not (answer := ask(client, "sample")).success:
        assert time.monotonic() < deadline, answer.message
    return answer.message


def counted(client: Client, count: int) -> None:
    """Wait until so many places count."""
    deadline = time.monotonic() + 60.0
    while f"got {count};" not in (answer := ask(client, "save")).message and not answer.success:
        assert time.monotonic() < deadline, answer.message


def test_without_a_picture_nothing_is_sampled(output: Path, client: Client) -> None:
    assert ask(client, "sample").message.startswith("no picture has come on camera/image_raw")


def test_a_scaled_picture_does_not_count(
    cell: CameraCell, output: Path, client: Client, processes: NodeProcesses
) -> None:
    cell.intrinsics = replace(cell.intrinsics, width=2 * cell.intrinsics.width, height=2 * cell.intrinsics.height)
    cell.put(PLACES[0], PLACES[:1], NOMINAL.size)
    sample(client)
    cell.put(AWAY, PLACES[:1])
    log = processes.log("calibration")
    client.wait(lambda: "expected both of one camera" in log.read_text(), "calibration", 60.0)
    assert "place 1 counts" not in log.read_text()


def test_a_block_that_was_carried_away_does_not_count(
    cell: CameraCell, output: Path, client: Client, processes: NodeProcesses
) -> None:
    cell.put(PLACES[0], PLACES[:1], NOMINAL.size)
    sample(client)
    cell.put(AWAY, AWAY[None], NOMINAL.size)
    log = processes.log("calibration")
    client.wait(lambda: "may have taken the block along" in log.read_text(), "calibration", 60.0)
    cell.put(AWAY, AWAY[None])
    assert ask(client, "discard").message == "there is no place to discard"
    assert "place 1 counts" not in log.read_text()


def test_touching_calibrates(cell: CameraCell, output: Path, client: Client) -> None:
    for count, place in enumerate(PLACES, start=1):
        cell.put(place, place[None], NOMINAL.size)
        assert "tag touched" in sample(client)
        assert not output.exists() or count > 4
        cell.put(AWAY, place[None])
        counted(client, count)
    output.unlink()
    output.mkdir()
    refused = ask(client, "save")
    assert not refused.success
    assert "Is a directory; all places are kept" in refused.message
    output.rmdir()
    saved = ask(client, "save")
    assert saved.success, saved.message
    found = from_yaml(CameraPose, output)
    assert found.residual_mm < 1.0
    assert np.allclose(found.translation, POSE.translation, atol=0.01)
    assert np.allclose(found.rotation, POSE.rotation, atol=0.01)
    cell.put(PLACES[0], PLACES[:1])
    deadline = time.monotonic() + 60.0
    while "expected them closed" not in (answer := ask(client, "sample")).message:
        assert not answer.success
        assert time.monotonic() < deadline, answer.message
