"""Kinematics of the Fetch arm: joint names, limits, forward and closed-form inverse kinematics.

Lengths and limits are the published facts of the robot, the same as in ``urdf/fetch.urdf``. The inverse serves a
gripper that points straight down, with both roll joints at 0: shoulder_pan turns towards the point, shoulder_lift and
elbow_flex are a planar two-link arm with the elbow up, wrist_flex makes the gripper vertical and wrist_roll its yaw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.arrays import Arrays, FloatArray

ARM_JOINTS = (
    "shoulder_pan_joint",
    "shoulder_lift_joint",
    "upperarm_roll_joint",
    "elbow_flex_joint",
    "forearm_roll_joint",
    "wrist_flex_joint",
    "wrist_roll_joint",
)
"""The arm's joints from shoulder to hand: the last dimension ``[7]`` of every array of joint positions."""

JOINT_LOWER = np.array([-1.6056, -1.221, -np.inf, -2.251, -np.inf, -2.16, -np.inf])
"""Lower limits, radians."""

JOINT_UPPER = np.array([1.6056, 1.518, np.inf, 2.251, np.inf, 2.16, np.inf])
"""Upper limits, radians."""

CONTINUOUS = np.isinf(JOINT_UPPER)
"""``[7]`` bool: joints that turn without end, so that positions a full turn apart are the same."""

JOINT_SPEED = np.array([1.256, 1.454, 1.571, 1.521, 1.571, 2.268, 2.268])
"""Speed limits, radians a second."""

TORSO_JOINT = "torso_lift_joint"

TORSO_TRAVEL = 0.38615
"""Upper limit of the torso's joint, metres; the lower is 0."""

TORSO_SPEED = 0.1
"""Speed limit of the torso's joint, metres a second."""

TORSO_HEIGHT = 0.214
"""Position of torso_lift_joint (metres) at which a table of 0.40 m is best reached. The torso stays there."""

FINGER_JOINTS = ("r_gripper_finger_joint", "l_gripper_finger_joint")
"""Each at half the opening between the finger pads, metres."""

FINGER_TRAVEL = 0.05
"""Upper limit of each finger joint, metres; the opening between the pads is the sum of both."""

FINGER_SPEED = 0.05
"""Speed limit of each finger joint, metres a second."""

FINGER_TIP = 0.016
"""The finger tips are this far (metres) beyond the grasp centre."""

GRASP_OFFSET = 0.015
"""The grasp centre is this far (metres) beyond ``gripper_link``."""

PAN_AXIS = np.array([0.03265, 0.0, 0.726010])
"""Origin of shoulder_pan in the base frame with the torso at 0, metres."""

# Offsets of the links along x, metres, with all joints at 0.
_SHOULDER = np.array([0.117, 0.0, 0.06])
_UPPER_ARM = (0.219, 0.133)
_FOREARM = (0.197, 0.1245)
HAND = 0.1385 + 0.16645 + GRASP_OFFSET
"""From wrist_flex to the grasp centre, metres."""

LINKS = (sum(_UPPER_ARM), sum(_FOREARM))
"""The two links of the planar arm: shoulder_lift to elbow_flex to wrist_flex, metres."""

SHOULDER_RADIUS = float(_SHOULDER[0])
"""Distance of shoulder_lift from the pan axis, metres."""


def shoulder_height(torso: float = TORSO_HEIGHT) -> float:
    """Height of shoulder_lift over the floor, metres."""
    return float(PAN_AXIS[2] + _SHOULDER[2] + torso)


@dataclass(frozen=True, eq=False)
class GripperPose(Arrays):
    """The gripper frame in the base frame; it points down.

    Attributes:
        position: ``[..., 3]`` grasp centre, metres.
        yaw: ``[...]`` radians about z.
    """

    position: FloatArray
    yaw: FloatArray


def unwrapped(joints: FloatArray, reference: FloatArray) -> FloatArray:
    """The same arm positions ``[..., 7]``, continuous joints counted on from ``reference`` ``[..., 7]``, radians.

    A continuous joint that reads about a full turn away (three quarters or more) has wrapped, it has not turned.
    """
    away = (reference - joints) / (2 * np.pi)
    return joints + np.where(CONTINUOUS & (np.abs(away) > 0.75), 2 * np.pi * np.round(away), 0.0)


class _Frame:
    """Unit vectors ``[..., 3]`` along the axes of a link; turned joint by joint on the way along the arm."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.x, self.y, self.z = (np.broadcast_to(axis, (*shape, 3)) for axis in np.eye(3))

    def roll(self, angle: FloatArray) -> None:
        """Turn about the frame's own x."""
        c, s = np.cos(angle)[..., None], np.sin(angle)[..., None]
        self.y, self.z = c * self.y + s * self.z, c * self.z - s * self.y

    def flex(self, angle: FloatArray) -> None:
        """Turn about the frame's own y."""
        c, s = np.cos(angle)[..., None], np.sin(angle)[..., None]
        self.x, self.z = c * self.x - s * self.z, c * self.z + s * self.x


def forward(joints: FloatArray, torso: FloatArray | float = TORSO_HEIGHT) -> GripperPose:
    """Where the gripper is, for any joint positions, rolls included.

    Args:
        joints: ``[..., 7]`` positions in the order of ARM_JOINTS, radians.
        torso: ``[...]`` position of torso_lift_joint, metres.
    """
    point, frame = _hand(joints)
    closing = frame.y  # the closing direction: y of the gripper frame
    pan = np.asarray(joints, dtype=float)[..., 0]
    c, s = np.cos(pan), np.sin(pan)
    x, y, z = np.moveaxis(point, -1, 0)
    position = PAN_AXIS + np.stack([c * x - s * y, s * x + c * y, z + torso], axis=-1)
    return GripperPose(position, pan + np.arctan2(-closing[..., 0], closing[..., 1]))


def tilt(joints: FloatArray) -> FloatArray:
    """How far ``[...]`` (radians) the hand is from pointing straight down, for any joint positions ``[..., 7]``."""
    _, frame = _hand(joints)
    angle: FloatArray = np.arccos(np.clip(-frame.x[..., 2], -1.0, 1.0))
    return angle


def _hand(joints: FloatArray) -> tuple[FloatArray, _Frame]:
    """The grasp centre ``[..., 3]`` (metres, from PAN_AXIS) and the hand's frame, before shoulder_pan turns them.

    In the vertical plane that shoulder_pan turns: x away from the axis, z up.
    """
    _, lift, upper_roll, elbow, fore_roll, wrist, roll = np.moveaxis(np.asarray(joints, dtype=float), -1, 0)
    frame = _Frame(lift.shape)
    frame.flex(lift)
    point = _SHOULDER + frame.x * _UPPER_ARM[0]
    frame.roll(upper_roll)
    point = point + frame.x * _UPPER_ARM[1]
    frame.flex(elbow)
    point = point + frame.x * _FOREARM[0]
    frame.roll(fore_roll)
    point = point + frame.x * _FOREARM[1]
    frame.flex(wrist)
    point = point + frame.x * HAND
    frame.roll(roll)
    return point, frame


def inverse(pose: GripperPose, torso: float = TORSO_HEIGHT) -> FloatArray:
    """Joint positions ``[..., 7]`` (radians) that put the gripper there, pointing down.

    wrist_roll is continuous, so its value fits ``pose.yaw`` without being wrapped. A point out of reach is answered
    with the arm stretched or folded towards it; keep points within reach with ``limits.clip_to_reach``.
    """
    x, y = pose.position[..., 0] - PAN_AXIS[0], pose.position[..., 1] - PAN_AXIS[1]
    pan = np.arctan2(y, x)
    out = np.hypot(x, y) - SHOULDER_RADIUS
    up = pose.position[..., 2] + HAND - shoulder_height(torso)
    upper, fore = LINKS
    distance = np.hypot(out, up)
    bend = (distance**2 - upper**2 - fore**2) / (2 * upper * fore)
    elbow = np.arccos(np.clip(bend, -1.0, 1.0))
    lift = -np.arctan2(up, out) - np.arctan2(fore * np.sin(elbow), upper + fore * np.cos(elbow))
    zero = np.zeros_like(pan)
    joints: FloatArray = np.stack([pan, lift, zero, elbow, zero, 0.5 * np.pi - lift - elbow, pan - pose.yaw], axis=-1)
    return joints
