"""Parameters of ros2_control's controllers and of the bridge between Gazebo and ROS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osil.robots.robot import Robot

CONTROLLERS = {
    "joint_state_broadcaster": "joint_state_broadcaster/JointStateBroadcaster",
    "arm_controller": "joint_trajectory_controller/JointTrajectoryController",
    "gripper_controller": "joint_trajectory_controller/JointTrajectoryController",
}
"""Name and type of each. They listen on the topics in ``osil.ros.topics``."""

BLOCK_TRANSFORMS = "gazebo/block_transforms"
"""geometry_msgs/TransformStamped, one a block, its name the child frame."""

UPDATE_RATE = 100
"""Hertz of the controllers and of joint states."""


def controller_parameters(robot: Robot) -> dict[str, Any]:
    """The parameter file of the controller manager and its controllers.

    A stream of trajectories of which each takes the place of the last needs ``interpolate_from_desired_state``: else
    each begins at the measured position, and the arm shakes.
    """
    manager = {"update_rate": UPDATE_RATE, **{name: {"type": kind} for name, kind in CONTROLLERS.items()}}
    joints = {"arm_controller": robot.arm_joints, "gripper_controller": robot.gripper.joints}
    return {
        "controller_manager": {"ros__parameters": manager},
        **{
            name: {
                "ros__parameters": {
                    "joints": list(those),
                    "command_interfaces": ["position"],
                    "state_interfaces": ["position", "velocity"],
                    "interpolate_from_desired_state": True,
                    "allow_nonzero_velocity_at_trajectory_end": True,
                }
            }
            for name, those in joints.items()
        },
    }


def bridge_entries(names: Sequence[str]) -> list[dict[str, str]]:
    """The configuration of ``ros_gz_bridge``: the clock, and the pose of each block by name, all on one topic."""
    clock = _entry("clock", "/clock", "rosgraph_msgs/msg/Clock", "gz.msgs.Clock")
    return [
        clock,
        *(
            _entry(BLOCK_TRANSFORMS, f"/model/{name}/pose", "geometry_msgs/msg/TransformStamped", "gz.msgs.Pose")
            for name in names
        ),
    ]


def _entry(ros_topic: str, gz_topic: str, ros_type: str, gz_type: str) -> dict[str, str]:
    return {
        "ros_topic_name": ros_topic,
        "gz_topic_name": gz_topic,
        "ros_type_name": ros_type,
        "gz_type_name": gz_type,
        "direction": "GZ_TO_ROS",
    }
