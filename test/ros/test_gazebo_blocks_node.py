"""Single transforms from Gazebo become the poses of all blocks of one instant, as every consumer takes them."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped

from osil.gazebo.parameters import BLOCK_TRANSFORMS
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import BlockPoseArray


def transform(name: str, x: float, seconds: float) -> TransformStamped:
    message = TransformStamped(child_frame_id=name)
    message.header.stamp = convert.to_stamp(int(seconds * convert.NANOSECONDS))
    message.transform.translation.x, message.transform.rotation.w = x, 1.0
    return message


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses) -> None:
    processes.start("gazebo_blocks", {"num_blocks": 3})


def test_all_blocks_of_one_instant_are_told_together(client: Client) -> None:
    told: list[BlockPoseArray] = []
    subscription = client.create_subscription(BlockPoseArray, topics.BLOCK_POSES, told.append, 10)
    publisher = client.create_publisher(TransformStamped, BLOCK_TRANSFORMS, 10)
    client.wait(lambda: publisher.get_subscription_count() > 0, "the node", 30.0)
    client.wait(lambda: client.count_publishers(topics.BLOCK_POSES) > 0, "the node", 30.0)
    client.meet("gazebo_blocks")
    told.clear()
    for name, x, seconds in [
        *[("a", 0.5, 1.0), ("c", 0.7, 1.0)],  # b is lost
        *[("c", 0.7, 2.0), ("a", 0.6, 2.0), ("b", 0.8, 2.0)],
    ]:
        publisher.publish(transform(name, x, seconds))
    client.wait(lambda: bool(told), "block poses", 30.0)
    assert len(told) == 1
    assert convert.to_nanoseconds(told[0].header.stamp) == 2 * convert.NANOSECONDS
    scene = convert.to_scene(told[0].blocks, list("abc"))
    np.testing.assert_allclose(scene.block_positions[:, 0], [0.6, 0.8, 0.7])
    client.destroy_subscription(subscription)
