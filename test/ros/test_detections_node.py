"""Detections of vision_msgs become the poses of blocks; without vision_msgs the node says what it lacks."""

from __future__ import annotations

import importlib.util
import subprocess

import numpy as np
import pytest

from osil.robots.frames import BASE_FRAME
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses, program
from osil_interfaces.msg import BlockPoseArray

INSTALLED = importlib.util.find_spec("vision_msgs") is not None


@pytest.mark.skipif(INSTALLED, reason="vision_msgs is installed")
def test_what_is_missing_is_named() -> None:
    done = subprocess.run(program("detections"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error: detections need the ROS package vision_msgs" in done.stderr


@pytest.mark.skipif(not INSTALLED, reason="vision_msgs comes with a ROS 2 distribution and has no wheel")
def test_likely_blocks_become_block_poses_and_nothing_else_does(processes: NodeProcesses, client: Client) -> None:
    from vision_msgs.msg import Detection3D, Detection3DArray, ObjectHypothesisWithPose

    def detection(x: float, **scores: float) -> Detection3D:
        found = Detection3D()
        for name, score in scores.items():
            result = ObjectHypothesisWithPose()
            result.hypothesis.class_id, result.hypothesis.score = name, score
            found.results.append(result)
        found.bbox.center.position.x = x
        return found

    told: list[BlockPoseArray] = []
    client.create_subscription(BlockPoseArray, topics.BLOCK_POSES, told.append, 10)
    detections = client.create_publisher(Detection3DArray, topics.DETECTIONS, 1)
    processes.start("detections")
    client.wait(lambda: detections.get_subscription_count() > 0, "the node", 30.0)
    client.wait(lambda: client.count_publishers(topics.BLOCK_POSES) > 0, "the node", 30.0)
    client.meet("detections")
    message = Detection3DArray()
    message.header.frame_id, message.header.stamp = BASE_FRAME, convert.to_stamp(2 * convert.NANOSECONDS)
    message.detections = [detection(0.7, a=0.2, b=0.8), detection(0.6, a=0.9), detection(0.5, cup=0.9), detection(0.4)]
    detections.publish(message)
    client.wait(lambda: bool(told), "block poses", 30.0)
    assert told[0].header == message.header
    assert [block.name for block in told[0].blocks] == ["a", "b"]
    np.testing.assert_allclose(convert.to_scene(told[0].blocks).block_positions[:, 0], [0.6, 0.7])
