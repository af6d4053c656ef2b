"""The nodes for a real Fetch, with the bridge to it. Not tried on one: there was none at hand. See docs/fetch.md first.

All motion is slowed down to a gripper speed of 0.25 m/s, and to 0.7 of the joint accelerations that the vendor advises.
At full speed the policy asks for more than these allow.
Nothing moves until somebody activates the controller, recorder and policy; each says by which command.

ros2 launch osil_bringup fetch.launch.py host:=192.168.1.7 demonstrations:=$HOME/demonstrations
"""

from launch import LaunchDescription

from osil.robots.gate_config import ON_A_ROBOT
from osil.ros.launching import ARGUMENTS, FETCH_ARGUMENTS, describe
from osil.ros.node_processes import FETCH_NODES, FRAME_NODES, TRACKER_NODES

PARAMETERS = {"use_sim_time": False, "autostart": False}


def generate_launch_description() -> LaunchDescription:
    nodes = (*FETCH_NODES, *FRAME_NODES)
    return describe(
        nodes,
        {**FETCH_ARGUMENTS, **ARGUMENTS},
        TRACKER_NODES,
        parameters=PARAMETERS,
        of_nodes={"controller": ON_A_ROBOT},
    )
