"""What is used of control_msgs has the published fields, ours where there are only wheels, and the real ones alike."""

from __future__ import annotations

from typing import Any

import pytest

from control_msgs.action import FollowJointTrajectory, GripperCommand
from control_msgs.msg import GripperCommand as GripperCommandMessage
from control_msgs.msg import JointComponentTolerance, JointTolerance

TOLERANCE = {"position": "double", "velocity": "double", "acceleration": "double"}
GRIPPER_STATE = {"position": "double", "effort": "double", "stalled": "boolean", "reached_goal": "boolean"}

PUBLISHED = {  # control_msgs 6.8.0, of Kilted
    FollowJointTrajectory.Goal: {
        "trajectory": "trajectory_msgs/JointTrajectory",
        "multi_dof_trajectory": "trajectory_msgs/MultiDOFJointTrajectory",
        "path_tolerance": "sequence<control_msgs/JointTolerance>",
        "component_path_tolerance": "sequence<control_msgs/JointComponentTolerance>",
        "goal_tolerance": "sequence<control_msgs/JointTolerance>",
        "component_goal_tolerance": "sequence<control_msgs/JointComponentTolerance>",
        "goal_time_tolerance": "builtin_interfaces/Duration",
    },
    FollowJointTrajectory.Result: {"error_code": "int32", "error_string": "string"},
    FollowJointTrajectory.Feedback: {
        "header": "std_msgs/Header",
        "joint_names": "sequence<string>",
        "desired": "trajectory_msgs/JointTrajectoryPoint",
        "actual": "trajectory_msgs/JointTrajectoryPoint",
        "error": "trajectory_msgs/JointTrajectoryPoint",
        "index": "int32",
        "multi_dof_joint_names": "sequence<string>",
        "multi_dof_desired": "trajectory_msgs/MultiDOFJointTrajectoryPoint",
        "multi_dof_actual": "trajectory_msgs/MultiDOFJointTrajectoryPoint",
        "multi_dof_error": "trajectory_msgs/MultiDOFJointTrajectoryPoint",
        "multi_dof_index": "int32",
    },
    GripperCommand.Goal: {"command": "control_msgs/GripperCommand"},
    GripperCommand.Result: GRIPPER_STATE,
    GripperCommand.Feedback: GRIPPER_STATE,
    GripperCommandMessage: {"position": "double", "max_effort": "double"},
    JointTolerance: {"name": "string", **TOLERANCE},
    JointComponentTolerance: {"joint_name": "string", "component": "uint16", **TOLERANCE},
}

ERRORS = {
    "SUCCESSFUL": 0,
    "INVALID_GOAL": -1,
    "INVALID_JOINTS": -2,
    "OLD_HEADER_TIMESTAMP": -3,
    "PATH_TOLERANCE_VIOLATED": -4,
    "GOAL_TOLERANCE_VIOLATED": -5,
}


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: kind.__name__)
def test_fields_are_the_published_ones(kind: Any) -> None:
    fields = kind.get_fields_and_field_types()
    missing_before = {"index", "multi_dof_index"}  # Humble and Jazzy
    assert {**PUBLISHED[kind], **fields} == PUBLISHED[kind]
    assert PUBLISHED[kind].keys() - fields.keys() <= missing_before
    order = [name for name in PUBLISHED[kind] if name in fields]
    assert list(fields) == order, "which is that on the wire"


def test_errors_have_the_published_numbers() -> None:
    assert {name: getattr(FollowJointTrajectory.Result, name) for name in ERRORS} == ERRORS
