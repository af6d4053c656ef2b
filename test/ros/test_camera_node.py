"""The simulated camera outlives what it cannot use."""

from __future__ import annotations

import math

from sensor_msgs.msg import JointState

from osil.ros import topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses


def test_joint_states_without_positions_are_told_and_left_out(processes: NodeProcesses, client: Client) -> None:
    """ROS allows them: a driver may know velocities or efforts alone."""
    processes.start("camera", {"use_sim_time": False})
    publisher = client.create_publisher(JointState, topics.JOINT_STATES, 1)

    def told(position: list[float], words: str) -> bool:
        publisher.publish(JointState(name=["elbow_flex_joint"], position=position, velocity=[0.0]))
        return words in processes.log("camera").read_text()

    client.wait(lambda: told([], "expected 1 positions, one for each joint, got 0"), "camera", 60.0)
    client.wait(lambda: told([math.nan], "expected finite positions"), "camera", 60.0)  # it still listens
