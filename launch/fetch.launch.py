"""The nodes for a real Fetch, with the bridge to it. Not tried on one: there was none at hand. See docs/fetch.md first.

All motion is slowed down to a gripper speed of 0.25 m/s, and joints keep to the accelerations that the vendor advises.
At full speed the policy asks for more than these allow.

ros2 launch osil_bringup fetch.launch.py host:=192.168.1.7 demonstrations:=$HOME/demonstrations
"""

from launch import LaunchDescription

from osil.ros.launching import ARGUMENTS, FETCH_ARGUMENTS, describe
from osil.ros.node_processes import FETCH_NODES, FRAME_NODES

PARAMETERS = {"use_sim_time": False, "max_speed": 0.25, "acceleration_scaling": 1.0}


def generate_launch_description() -> LaunchDescription:
    return describe((*FETCH_NODES, *FRAME_NODES), {**FETCH_ARGUMENTS, **ARGUMENTS}, parameters=PARAMETERS)
