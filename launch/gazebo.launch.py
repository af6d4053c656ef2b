"""All nodes, with a robot in Gazebo: the topics are those of sim.launch.py. Not tried: see docs/gazebo.md.

ros2 launch osil_bringup gazebo.launch.py num_blocks:=5 gui:=true
"""

from launch import LaunchDescription

from osil.ros.gazebo import GAZEBO_ARGUMENTS, gazebo
from osil.ros.launching import ARGUMENTS, describe
from osil.ros.node_processes import GAZEBO_NODES


def generate_launch_description() -> LaunchDescription:
    return describe(GAZEBO_NODES, {**GAZEBO_ARGUMENTS, **ARGUMENTS}, beside=gazebo)
