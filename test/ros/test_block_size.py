"""Larger blocks are set up, taught and recorded as large as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from osil.demonstrations import storage
from osil.robots.robot import load_robot
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses, program
from osil.tasks.block_size import shown_blocks
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import Blocks

BLOCKS = Blocks(0.05)

TASK = StackingTask.parse("ab")


@pytest.fixture
def client(processes: NodeProcesses, folder: Path) -> Iterator[Client]:
    """Of a stack without a policy."""
    size = {"block_size": BLOCKS.size}
    processes.start("simulation", {"num_blocks": TASK.num_blocks, **size})
    processes.start("controller", size)
    processes.start("recorder", {"demonstrations": str(folder), **size})
    processes.start("teleop")
    client = Client(processes, load_robot("fetch"), BLOCKS)
    yield client
    client.close()


def test_the_operator_stacks_them_with_a_hand_that_opens_wide_enough(client: Client) -> None:
    client.reset_scene(TASK.num_blocks, seed=0)
    before = client.scene("ab").block_positions[:, 2]
    assert before == pytest.approx(client.robot.table.height + BLOCKS.half, abs=1e-3)
    recorded = client.teach(str(TASK), "shown", time_limit=60.0)
    assert layout_reached(TASK, client.scene("ab"), BLOCKS)
    shown = storage.load(Path(recorded.path)).demonstration.observations
    assert shown_blocks(shown).size == pytest.approx(BLOCKS.size, abs=1e-3)
    opened = shown.gripper_opening[-1]  # not the greatest: a block can push the fingers further apart
    assert opened == pytest.approx(client.robot.opened_for(BLOCKS).gripper.opening, abs=1e-3)


@pytest.mark.parametrize("node", ["simulation", "controller", "recorder", "operator"])
def test_blocks_that_cannot_be_are_refused_by_every_node_that_is_told_of_them(node: str) -> None:
    arguments = ["--ros-args", "-p", "block_size:=0.07"]
    done = subprocess.run([*program(node), *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "expected 0.025 to 0.06, got 0.07" in done.stderr
