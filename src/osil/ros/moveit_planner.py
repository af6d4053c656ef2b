"""A planner that asks MoveIt, where ``moveit_py`` is installed. It has never run: there was no MoveIt at hand."""

from __future__ import annotations

from typing import Any

import yaml
from geometry_msgs.msg import Point, Pose, Quaternion

from osil.core import FloatArray
from osil.errors import ConfigError, PlanningError, ResourceError
from osil.planning.planner import Situation
from osil.resources import resource_path
from osil.robots.frames import BASE_FRAME
from osil.robots.robot import Robot
from osil.robots.trajectory import Trajectory
from osil.ros import convert
from osil.tasks.blocks import Blocks
from osil.worlds.furniture import furniture

FOLDER = "moveit"
"""In ``config/``: what MoveIt is told of a robot."""

ARM = "arm"
"""The planning group in the SRDF."""


class MoveItPlanner:
    """Plans with the table and the blocks as MoveIt's collision objects.

    Args:
        robot: with the table as high as it is, and with an SRDF in ``config/moveit``.
        blocks: how large they are.

    Raises:
        ConfigError: MoveIt is not installed, or there is no SRDF of the robot.
    """

    def __init__(self, robot: Robot, blocks: Blocks) -> None:
        try:
            from moveit.planning import MoveItPy
        except ImportError as error:
            raise ConfigError(
                "planner moveit: moveit_py is not installed; apt install ros-$ROS_DISTRO-moveit-py "
                "ros-$ROS_DISTRO-moveit, or choose the planner joint_path"
            ) from error
        self._robot, self._blocks = robot, blocks
        self._moveit = MoveItPy(node_name="planning_moveit", config_dict=moveit_parameters(robot))

    def plan(self, situation: Situation, goal: FloatArray) -> Trajectory:
        """See ``Planner``."""
        from moveit.core.robot_state import RobotState

        with self._moveit.get_planning_scene_monitor().read_write() as scene:
            scene.remove_all_collision_objects()
            for thing in self._things(situation):
                scene.apply_collision_object(thing)
        start, end = RobotState(self._moveit.get_robot_model()), RobotState(self._moveit.get_robot_model())
        for state, joints in ((start, situation.joints), (end, goal)):
            state.set_to_default_values()
            state.joint_positions = self._positions(situation, joints)
            state.update()
        component = self._moveit.get_planning_component(ARM)
        component.set_start_state(robot_state=start)
        component.set_goal_state(robot_state=end)
        result = component.plan()
        if not result:
            raise PlanningError(f"MoveIt found no way: error {result.error_code.val} of moveit_msgs/MoveItErrorCodes")
        message = result.trajectory.get_robot_trajectory_msg().joint_trajectory
        return convert.to_planned_trajectory(message, self._robot.arm_joints)

    def _positions(self, situation: Situation, joints: FloatArray) -> dict[str, float]:
        robot, half = self._robot, 0.5 * situation.opening
        lift = {robot.lift_joint: situation.lift} if robot.lift_joint else {}
        arm = dict(zip(robot.arm_joints, joints.tolist(), strict=True))
        return {**robot.posture, **lift, **arm, **dict.fromkeys(robot.gripper.joints, half)}

    def _things(self, situation: Situation) -> list[Any]:
        """Table and blocks as moveit_msgs/CollisionObject."""
        upright = Quaternion(w=1.0)
        things = [
            _thing(f"furniture {index}", box.size, Pose(position=_point(box.position), orientation=upright))
            for index, box in enumerate(furniture(self._robot))
        ]
        blocks = zip(situation.block_names, situation.block_positions, situation.block_quaternions, strict=True)
        for name, position, (x, y, z, w) in blocks:
            pose = Pose(position=_point(position), orientation=Quaternion(x=x, y=y, z=z, w=w))
            things.append(_thing(f"block {name}", (self._blocks.size,) * 3, pose))
        return things


def moveit_parameters(robot: Robot) -> dict[str, Any]:
    """All parameters of MoveIt's node for a robot.

    Raises:
        ConfigError: there is no SRDF of it in ``config/moveit``.
    """
    from moveit_configs_utils import MoveItConfigsBuilder

    try:
        semantic = resource_path("config", FOLDER, f"{robot.name}.srdf")
    except ResourceError as error:
        raise ConfigError(f"planner moveit: there is no SRDF of the robot {robot.name}; {error}") from error
    folder = semantic.parent
    builder = MoveItConfigsBuilder(robot.name, package_name="osil_bringup")
    parameters: dict[str, Any] = (
        builder.robot_description(file_path=str(robot.urdf))
        .robot_description_semantic(file_path=str(semantic))
        .robot_description_kinematics(file_path=str(folder / "kinematics.yaml"))
        .joint_limits(file_path=str(folder / "joint_limits.yaml"))
        .trajectory_execution(file_path=str(folder / "moveit_controllers.yaml"))
        .planning_pipelines(pipelines=["ompl"])
        .moveit_cpp(file_path=str(folder / "moveit_cpp.yaml"))
        .to_moveit_configs()
        .to_dict()
    )
    # Of a pipeline the builder takes files in config/ itself alone, else its own.
    parameters["ompl"] = yaml.safe_load((folder / "ompl_planning.yaml").read_text())
    return parameters


def _point(position: Any) -> Point:
    x, y, z = (float(value) for value in position)
    return Point(x=x, y=y, z=z)


def _thing(name: str, size: tuple[float, ...], pose: Pose) -> Any:
    from moveit_msgs.msg import CollisionObject
    from shape_msgs.msg import SolidPrimitive

    thing = CollisionObject(id=name, operation=CollisionObject.ADD, primitive_poses=[pose])
    thing.header.frame_id = BASE_FRAME
    thing.primitives = [SolidPrimitive(type=SolidPrimitive.BOX, dimensions=list(size))]
    return thing
