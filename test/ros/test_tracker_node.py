"""The tracker tells where blocks are, by each picture, and what it does not see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from std_srvs.srv import Trigger

from osil.geometry import wrap_cube_yaw
from osil.robots.frames import BASE_FRAME
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import BlockPoseArray

from .camera_cell import FETCH, TURN, CameraCell

HAND = np.array([0.6, -0.1, FETCH.table.height + 0.3])
BLOCKS = np.array([[0.55, 0.0, 0.42], [0.65, 0.2, 0.42], [0.65, 0.2, 0.46]])
"""Of a, b and c; c stands on b, which is never in sight."""


@pytest.fixture(scope="module")
def cell(processes: NodeProcesses, client: Client) -> Iterator[CameraCell]:
    processes.start("tracker", {"use_sim_time": False, "max_age": 5.0})
    cell = CameraCell(HAND, BLOCKS)
    yield cell
    cell.close()


@pytest.fixture(scope="module")
def heard(client: Client) -> list[BlockPoseArray]:
    """All block poses, the newest last."""
    heard: list[BlockPoseArray] = []
    client.create_subscription(BlockPoseArray, topics.BLOCK_POSES, heard.append, 10)
    return heard


@pytest.fixture(scope="module")
def told(client: Client) -> list[DiagnosticStatus]:
    """All that the tracker says of itself, the newest last."""
    told: list[DiagnosticStatus] = []

    def hear(message: DiagnosticArray) -> None:
        told.extend(status for status in message.status if "tracker" in status.name)

    client.create_subscription(DiagnosticArray, "/diagnostics", hear, 10)
    return told


def names(message: BlockPoseArray) -> list[str]:
    return [block.name for block in message.blocks]


def test_blocks_in_sight_are_where_they_are(cell: CameraCell, heard: list[BlockPoseArray], client: Client) -> None:
    client.wait(lambda: len(heard) > 5, "block poses", 60.0)
    assert names(heard[-1]) == ["a", "c"]
    seen = convert.to_scene(heard[-1].blocks)
    assert np.linalg.norm(seen.block_positions - BLOCKS[[0, 2]], axis=-1).max() < 0.0015
    assert np.abs(wrap_cube_yaw(seen.block_yaws - TURN)).max() < np.radians(1.0)
    assert heard[-1].header.frame_id == BASE_FRAME


def test_poses_are_stamped_as_the_pictures_and_none_is_passed_over(
    cell: CameraCell, heard: list[BlockPoseArray], client: Client
) -> None:
    cell.dark = True
    first = client.get_clock().now().nanoseconds
    for stamp in (first, first + convert.NANOSECONDS // 30):
        cell.show(stamp)
        client.wait(lambda stamp=stamp: convert.to_nanoseconds(heard[-1].header.stamp) == stamp, "block poses", 60.0)
    cell.dark = False


def test_a_block_out_of_sight_stays_and_its_age_is_told(
    cell: CameraCell, heard: list[BlockPoseArray], told: list[DiagnosticStatus], client: Client
) -> None:
    cell.put(HAND, BLOCKS - np.array([[0.0, 0.0, 0.3], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))  # a is under the table
    client.wait(lambda: bool(told) and "out of sight: a" in told[-1].message, "diagnostics", 60.0)
    client.wait(lambda: "seen 0.00 s" not in dict(pairs(told[-1]))["a"], "a grows old", 60.0)
    assert "seen 0.00 s" in dict(pairs(told[-1]))["c"]
    assert told[-1].level == DiagnosticStatus.OK
    position = convert.to_scene(heard[-1].blocks).block_positions[0]
    assert np.linalg.norm(position - BLOCKS[0]) < 0.0015


def pairs(status: DiagnosticStatus) -> list[tuple[str, str]]:
    return [(value.key, value.value) for value in status.values]


def test_it_is_forgotten_on_request(cell: CameraCell, heard: list[BlockPoseArray], client: Client) -> None:
    assert names(heard[-1]) == ["a", "c"]
    assert client.call("tracker/forget", Trigger).message == "forgot a"
    client.wait(lambda: names(heard[-1]) == ["c"], "block poses without a", 60.0)


def test_without_pictures_nothing_is_told_and_that_is_said(
    cell: CameraCell, heard: list[BlockPoseArray], told: list[DiagnosticStatus], client: Client
) -> None:
    cell.dark = True
    client.wait(lambda: "no picture has come" in told[-1].message, "diagnostics", 60.0)
    assert told[-1].level == DiagnosticStatus.WARN
    count = len(heard)
    client.wait(lambda: len(told) > 5 and "no picture has come" in told[-1].message, "diagnostics", 60.0)
    assert len(heard) == count
    cell.dark = False
    client.wait(lambda: len(heard) > count, "block poses", 60.0)
    assert names(heard[-1]) == ["c"], "what was out of sight is not believed any more"
