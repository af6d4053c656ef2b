"""Blocks that are seen through a camera alone: tags are drawn, found, published, and a task is taught and repeated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from std_srvs.srv import Trigger

from osil.core import Scene
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import ROBOT_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.tracking.camera import CameraPose
from osil_interfaces.action import Imitate
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import ResetScene

from .imitating import imitate

TASK = StackingTask.parse("ab +c")

TOP = 0.42
TAUGHT = Scene(np.array([[0.56, -0.1, TOP], [0.62, 0.02, TOP], [0.66, 0.13, TOP]]), np.array([0.3, -0.2, 0.6]))
IMITATED = Scene(np.array([[0.64, 0.11, TOP], [0.57, -0.02, TOP], [0.66, -0.12, TOP]]), np.array([-0.4, 0.5, 0.1]))
"""Close together, so that a near camera sees them all in a small picture, which is drawn quickly."""

EYE, TARGET = np.array([1.05, 0.0, 0.92]), np.array([0.61, 0.0, 0.45])


def near_pose() -> CameraPose:
    view = (TARGET - EYE) / np.linalg.norm(TARGET - EYE)
    right = np.array([0.0, 1.0, 0.0])
    return CameraPose.of(np.column_stack([right, np.cross(view, right), view]), EYE)


@pytest.fixture(scope="module")
def tracked(processes: NodeProcesses, client: Client, folder: Path) -> Client:
    """All nodes, at a pace at which pictures can be drawn."""
    pose = {"camera_pose": str(folder / "pose.yaml")}
    near_pose().write(folder / "pose.yaml")
    processes.start("simulation", {"num_blocks": TASK.num_blocks, "tracker": True, "real_time_factor": 0.1})
    processes.start("camera", {"width": 560, "height": 420, "rate": 10.0, **pose})
    processes.start("tracker", pose)
    for node in ROBOT_NODES:
        processes.start(node, {"demonstrations": str(folder)} if node in ("recorder", "policy") else None)
    set_up(client, TAUGHT)
    return client


def set_up(client: Client, scene: Scene) -> None:
    answer = client.call("simulation/reset", ResetScene, blocks=convert.from_scene(scene, "abc"[: scene.num_blocks]))
    assert answer.success, answer.message


@pytest.fixture(scope="module")
def truth(client: Client) -> list[BlockPoseArray]:
    """Where the physics has the blocks, the newest last."""
    heard: list[BlockPoseArray] = []
    client.create_subscription(BlockPoseArray, topics.TRUE_BLOCK_POSES, heard.append, topics.NEWEST)
    return heard


def true_scene(client: Client, truth: list[BlockPoseArray]) -> Scene:
    client.wait(lambda: bool(truth), "the simulation", 30.0)
    truth.clear()
    client.wait(lambda: bool(truth), "the simulation", 30.0)
    return convert.to_scene(truth[-1].blocks)


def test_block_poses_are_those_of_the_physics(tracked: Client, truth: list[BlockPoseArray]) -> None:
    seen, true = tracked.scene("abc"), true_scene(tracked, truth)
    assert np.linalg.norm(seen.block_positions - true.block_positions, axis=-1).max() < 0.0015
    assert np.abs(seen.block_yaws - true.block_yaws).max() < np.radians(1.5)


def test_a_task_is_taught_and_repeated_through_the_camera(tracked: Client, truth: list[BlockPoseArray]) -> None:
    tracked.teach(str(TASK), "shown", time_limit=120.0)
    assert layout_reached(TASK, true_scene(tracked, truth), NOMINAL)
    set_up(tracked, IMITATED)
    result = imitate(tracked, "shown", 60.0)
    assert result.outcome == Imitate.Result.SUCCEEDED, result.reason
    assert layout_reached(TASK, true_scene(tracked, truth), NOMINAL)


def test_a_block_that_was_taken_away_is_forgotten(tracked: Client, truth: list[BlockPoseArray]) -> None:
    """The reset lets more than a second pass without a picture, and so does away with what was believed before."""
    set_up(tracked, Scene(TAUGHT.block_positions[:2], TAUGHT.block_yaws[:2]))
    tracked.wait(lambda: len(tracked.scene().block_yaws) == 2, "a new picture", 30.0)
    answer = tracked.call("tracker/forget", Trigger)
    assert answer.success
    assert answer.message == "all blocks are in sight"
