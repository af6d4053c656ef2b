"""A robot: everything that the project knows of one arm, from one YAML in ``config/robots`` and the arm's URDF."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from osil.choices import Arrangement
from osil.core import FloatArray
from osil.errors import ConfigError
from osil.resources import resource_path
from osil.robots.fetch import FetchKinematics
from osil.robots.kinematics import GripperPose, Hand, Kinematics
from osil.robots.limits import MotionLimits
from osil.robots.robot_config import Body, GripperConfig, Range, RobotConfig, Start
from osil.robots.urdf import UrdfJoint, read_joints
from osil.settings import from_yaml
from osil.tasks.blocks import Blocks
from osil.tasks.table import Table

SPARE = 0.002
"""An open hand is open by so much more than it has to be, metres."""


@dataclass(frozen=True, kw_only=True)
class Gripper(GripperConfig):
    """The gripper, with what its URDF adds: the speed is never 0 here.

    Attributes:
        travel: upper limit of each finger joint, metres.
    """

    travel: float


@dataclass(frozen=True, eq=False)
class Robot:
    """One arm. J joints from shoulder to hand; radians, metres and seconds, base frame.

    Attributes:
        name: of its configuration, or its path, as ``load_robot`` takes it.
        urdf: its description.
        base_height: of the URDF's root over the floor.
        arm_joints: names of the J joints, the last dimension of every array of joint positions. The last of them turns
            the hand about the direction in which it approaches.
        lower, upper: ``[J]`` limits of position; infinite for a joint that turns without end.
        speed: ``[J]`` limits of speed.
        acceleration: ``[J]`` limits of acceleration, which the maker recommends.
        lift_joint: slides the whole arm up; empty where there is none.
        joints: what the URDF says of the joints that a driver has to report: arm, lift and fingers.
        posture: position of each joint that stays still, the lift among them.
        hand: where the gripper frame is.
        gripper: its fingers.
        kinematics: forward and inverse.
        body: what must not touch the table or itself.
        limits: of the gripper's set point.
        table: that the arm stands at.
        grasp_radius: from the table's centre, between which a block on the table can be grasped.
        start: where episodes begin.
        home: ``[J]`` a position from which everything is reached.
    """

    name: str
    urdf: Path
    base_height: float
    arm_joints: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    speed: FloatArray
    acceleration: FloatArray
    lift_joint: str
    joints: Mapping[str, UrdfJoint]
    posture: Mapping[str, float]
    hand: Hand
    gripper: Gripper
    kinematics: Kinematics
    body: Body
    limits: MotionLimits
    table: Table
    grasp_radius: Range
    start: Start
    home: FloatArray

    @property
    def continuous(self) -> np.ndarray:
        """``[J]`` bool: joints that turn without end, so that positions a full turn apart are the same."""
        return np.isinf(self.upper)

    @property
    def lift(self) -> float:
        """Where the lift stays, metres."""
        return self.posture.get(self.lift_joint, 0.0)

    @property
    def all_joints(self) -> tuple[str, ...]:
        """Arm, what stays still, and fingers: the order of every array of all joints."""
        return (*self.arm_joints, *self.posture, *self.gripper.joints)

    def ready(self, lift: float | None = None) -> FloatArray:
        """``[J]`` the ready pose: the hand points down, over the middle of where episodes begin.

        Args:
            lift: position of the lift, metres. None: as in the posture.
        """
        x, y, height = self.start.middle
        pose = GripperPose(np.array([x, y, self.table.height + height]), np.array(0.0))
        return self.kinematics.inverse(pose, self.home, self.lift if lift is None else lift)

    def at_table(self, arrangement: Arrangement, spacing: float | None = None) -> Robot:
        """The same robot at its table, with blocks arranged so, and so far apart (metres; None: as ever)."""
        return replace(self, table=replace(self.table, arrangement=arrangement, spacing=spacing or self.table.spacing))

    def opened_for(self, blocks: Blocks) -> Robot:
        """The same robot, its hand open as wide as ``blocks`` need it, and at least as wide as ever.

        Raises:
            ConfigError: it does not open so wide.
        """
        opening = max(self.gripper.opening, blocks.open_width + SPARE)
        if opening > 2 * self.gripper.travel:
            raise ConfigError(
                f"robot {self.name}: opens {2 * self.gripper.travel:g} m wide, and blocks of {blocks.size:g} m need "
                f"{opening:g} m; use smaller blocks"
            )
        return replace(self, gripper=replace(self.gripper, opening=opening))

    def clip_to_reach(
        self, position: FloatArray, table_height: float | None = None, lift: float | None = None
    ) -> FloatArray:
        """The nearest reachable grasp centre of the same height, so that motion slides along the edge of the reach.

        Args:
            position: ``[..., 3]`` grasp centre, metres, base frame.
            table_height: of the table top over the floor, metres. None: of the robot's own table.
            lift: position of the lift, metres. None: as in the posture.
        """
        limits, kinematics = self.limits, self.kinematics
        top = self.table.height if table_height is None else table_height
        lowest = top + self.gripper.tip + limits.floor_clearance
        height = np.clip(position[..., 2], lowest, top + limits.max_height)
        inner, outer = kinematics.reach(height, self.lift if lift is None else lift)
        x, y = position[..., 0] - kinematics.axis[0], position[..., 1] - kinematics.axis[1]
        radius = np.clip(np.hypot(x, y), np.maximum(inner, limits.min_radius), outer)
        angle = np.clip(np.arctan2(y, x), -limits.max_pan, limits.max_pan)
        across = (kinematics.axis[0] + radius * np.cos(angle), kinematics.axis[1] + radius * np.sin(angle))
        return np.stack([*across, height], axis=-1)


@lru_cache
def load_robot(robot: str) -> Robot:
    """The robot of a name in ``config/robots``, such as ``fetch``, or of a YAML file given by its path.

    Raises:
        ConfigError: there is none, or its YAML or URDF cannot be read or do not fit.
    """
    path = Path(robot)
    if path.suffix != ".yaml":
        folder = resource_path("config", "robots")
        names = sorted(file.stem for file in folder.glob("*.yaml"))
        if robot not in names:
            raise ConfigError(f"robot {robot!r}: expected one of {', '.join(names)}, or the path of a .yaml file")
        path = folder / f"{robot}.yaml"
    config = from_yaml(RobotConfig, path)
    urdf = _urdf_path(config.urdf, path)
    joints = read_joints(urdf)
    fingers = config.gripper.joints
    driven = (*config.arm_joints, *([config.lift_joint] if config.lift_joint else []), *fingers)
    if missing := [name for name in (*driven, *config.posture, *config.body.skeleton) if name not in joints]:
        raise ConfigError(f"{path}: joints {', '.join(missing)} are not in {urdf}, which has {', '.join(joints)}")
    if len(config.acceleration) != len(config.arm_joints) or min(config.acceleration) <= 0.0:
        raise ConfigError(
            f"{path}: expected a positive acceleration for each of the {len(config.arm_joints)} arm_joints, "
            f"got {list(config.acceleration)}"
        )
    arm, finger, gripper = [joints[name] for name in config.arm_joints], joints[fingers[0]], config.gripper
    return Robot(
        name=robot,
        urdf=urdf,
        base_height=config.base_height,
        arm_joints=config.arm_joints,
        lower=np.array([joint.lower for joint in arm]),
        upper=np.array([joint.upper for joint in arm]),
        speed=np.array([joint.speed for joint in arm]),
        acceleration=np.array(config.acceleration),
        lift_joint=config.lift_joint,
        joints={name: joints[name] for name in driven},
        posture=config.posture,
        hand=config.hand,
        gripper=Gripper(**{**vars(gripper), "speed": gripper.speed or finger.speed}, travel=finger.upper),
        kinematics=_kinematics(config, urdf, joints),
        body=config.body,
        limits=config.limits,
        table=config.table,
        grasp_radius=config.grasp_radius,
        start=config.start,
        home=np.array(config.home or [0.0] * len(arm)),
    )


def _kinematics(config: RobotConfig, urdf: Path, joints: Mapping[str, UrdfJoint]) -> Kinematics:
    if config.kinematics == "fetch":
        return FetchKinematics(joints, config.hand.grasp_centre)
    if config.kinematics == "pinocchio" and config.shell is not None:
        from osil.robots.pinocchio import PinocchioKinematics  # an extra, which a Fetch does not need

        return PinocchioKinematics(
            urdf,
            config.arm_joints,
            config.hand,
            config.base_height,
            config.home,
            config.shell,
            config.body.skeleton,
        )
    raise ConfigError(f"kinematics {config.kinematics!r}: expected fetch, or pinocchio and a shell")


def _urdf_path(text: str, beside: Path) -> Path:
    """Where a URDF lies: from the YAML ``beside`` on, or in a Python package."""
    if not text.startswith("package://"):
        return (beside.parent / text).resolve()
    package, _, path = text.removeprefix("package://").partition("/")
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"{beside}: {text} is in the Python package {package}, which is not installed")
    return Path(found.submodule_search_locations[0]) / path
