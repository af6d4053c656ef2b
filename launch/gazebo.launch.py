"""All nodes, with a robot in Gazebo: the topics are those of sim.launch.py. Not tried: see docs/gazebo.md.

ros2 launch osil_bringup gazebo.launch.py num_blocks:=5 gui:=true
"""

from launch import LaunchDescription

from osil.ros.gazebo import GAZEBO_ARGUMENTS, gazebo
from osil.ros.launching import ARGUMENTS, config_of, describe
from osil.ros.node_processes import GAZEBO_NODES


def generate_launch_description() -> LaunchDescription:
    simulation = config_of("simulation")
    parameters = {name: simulation[name] for name in GAZEBO_ARGUMENTS}
    return describe(GAZEBO_NODES, {**GAZEBO_ARGUMENTS, **ARGUMENTS}, parameters=parameters, beside=gazebo)
