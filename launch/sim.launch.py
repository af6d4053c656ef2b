"""All nodes, with a robot in PyBullet, the Fetch if no other is named.

ros2 launch osil_bringup sim.launch.py num_blocks:=5 block_size:=0.05 gui:=true
"""

from launch import LaunchDescription

from osil.ros.launching import ARGUMENTS, SIMULATION_ARGUMENTS, describe
from osil.ros.node_processes import FRAME_NODES, SIMULATION_NODES


def generate_launch_description() -> LaunchDescription:
    return describe((*SIMULATION_NODES, *FRAME_NODES), {**SIMULATION_ARGUMENTS, **ARGUMENTS})
