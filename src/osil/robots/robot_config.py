"""What the YAML of an arm in ``config/robots`` holds."""

from __future__ import annotations

from dataclasses import dataclass

from osil.robots.kinematics import Hand, Shell
from osil.robots.limits import MotionLimits
from osil.tasks.table import Table

Range = tuple[float, float]
"""Lower and upper end."""


@dataclass(frozen=True)
class GripperConfig:
    """Two fingers that close evenly. Metres and newtons.

    Attributes:
        joints: of the two fingers, each at half the opening.
        opening: distance between the pads when open.
        tip: the finger tips are this far beyond the grasp centre.
        finger: half extents of a finger across and along the closing direction.
        finger_length: from the tip to the palm.
        palm: half extents of the palm, behind the fingers, across and along the closing direction.
        force: of each finger, in the simulation.
        speed: of each finger; 0: the limit in the URDF.
    """

    joints: tuple[str, str]
    opening: float
    tip: float
    finger: tuple[float, float]
    finger_length: float
    palm: tuple[float, float]
    force: float
    speed: float = 0.0


@dataclass(frozen=True)
class Start:
    """Where the gripper is at the beginning of an episode, drawn evenly. Metres and radians.

    Attributes:
        x, y: of the grasp centre, base frame.
        height: of the grasp centre over the table.
        yaw: greatest rotation either way.
    """

    x: Range
    y: Range
    height: Range
    yaw: float

    @property
    def middle(self) -> tuple[float, float, float]:
        """The middle of these places."""
        x, y, height = (0.5 * sum(ends) for ends in (self.x, self.y, self.height))
        return x, y, height


@dataclass(frozen=True)
class Body:
    """What the arm is made of, to keep it off the table and itself: rods between four points, and a trunk.

    Attributes:
        skeleton: joints at the shoulder, the elbow and the wrist; the last rod ends at the grasp centre.
        rod: radius of the rods, metres.
        trunk: radius of an upright cylinder about the axis about which the arm turns, metres.
    """

    skeleton: tuple[str, str, str]
    rod: float
    trunk: float


@dataclass(frozen=True)
class RobotConfig:
    """What stands in the YAML of an arm; see ``config/robots/fetch.yaml``.

    Attributes:
        urdf: path from the YAML on, or ``package://NAME/PATH`` in a Python package.
        kinematics: ``fetch`` in closed form, or ``pinocchio``.
        base_height: of the URDF's root over the floor, metres.
        arm_joints: J, from shoulder to hand.
        acceleration: ``[J]`` limits of the joints, radians a second squared.
        lift_joint: slides the whole arm up; empty where there is none.
        posture: what stays still, and where.
        home: ``[J]`` a position from which everything is reached, radians; left out: all 0.
        shell: what the arm reaches; the fetch's kinematics know it.
        grasp_radius: from the table's centre, between which a block on the table can be grasped, metres.
    """

    urdf: str
    kinematics: str
    base_height: float
    arm_joints: tuple[str, ...]
    acceleration: tuple[float, ...]
    lift_joint: str
    posture: dict[str, float]
    hand: Hand
    body: Body
    gripper: GripperConfig
    limits: MotionLimits
    table: Table
    grasp_radius: Range
    start: Start
    home: tuple[float, ...] = ()
    shell: Shell | None = None
