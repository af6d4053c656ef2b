"""Kinematics of the Fetch arm: forward, and in closed form inverse.

The inverse serves a gripper that points straight down, with both roll joints at 0: shoulder_pan turns towards the
point, shoulder_lift and elbow_flex are a planar two-link arm with the elbow up, wrist_flex makes the gripper vertical
and wrist_roll its yaw.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from osil.core import FloatArray
from osil.geometry import rotate_z
from osil.robots.kinematics import GripperPose
from osil.robots.limits import BRAKING, JOINT_MARGIN
from osil.robots.urdf import UrdfJoint

ROOM = JOINT_MARGIN + BRAKING + 0.005
"""The planar arm stays so far (radians) this side of the limits of elbow_flex and shoulder_lift: in simulation, too, as
far as a safety gate lets it come, so that it slides along its reach and meets no limit of a joint."""

STRETCH_ROOM = 0.0065
"""The wrist stays so far (metres) short of full stretch, where a small step needs great speed."""


class FetchKinematics:
    """Of seven joints from shoulder_pan to wrist_roll, and a torso that lifts them."""

    def __init__(self, joints: Mapping[str, UrdfJoint], grasp_centre: float) -> None:
        """
        Args:
            joints: of the URDF.
            grasp_centre: metres from gripper_link along the approach.
        """
        torso, pan, lift, upper_roll, elbow, fore_roll, wrist, roll, hand = (
            np.array(joints[name].origin)
            for name in (
                "torso_lift_joint",
                "shoulder_pan_joint",
                "shoulder_lift_joint",
                "upperarm_roll_joint",
                "elbow_flex_joint",
                "forearm_roll_joint",
                "wrist_flex_joint",
                "wrist_roll_joint",
                "gripper_axis",
            )
        )
        # Lengths along x, with all joints at 0. Sums of published lengths and limits are known to six digits.
        self._pan_axis = np.round(torso + pan, 6)
        self._shoulder = lift
        self._upper_arm = (float(upper_roll[0]), float(elbow[0]))
        self._forearm = (float(fore_roll[0]), float(wrist[0]))
        self._hand = float(roll[0] + hand[0] + grasp_centre)
        upper, fore = self._links = (sum(self._upper_arm), sum(self._forearm))
        bend = round(joints["elbow_flex_joint"].upper - ROOM, 6)
        self._bent = float(np.sqrt(upper**2 + fore**2 + 2 * upper * fore * np.cos(bend)))
        self._stretched = round(upper + fore - STRETCH_ROOM, 6)
        self._max_lift = round(-joints["shoulder_lift_joint"].lower - ROOM, 6)
        self.axis: FloatArray = self._pan_axis[:2]

    def _shoulder_height(self, torso: FloatArray | float) -> FloatArray | float:
        """Height of shoulder_lift over the floor, metres."""
        height: FloatArray | float = self._pan_axis[2] + self._shoulder[2] + torso
        return height

    def forward(self, joints: FloatArray, lift: FloatArray | float) -> GripperPose:
        """See ``Kinematics``; rolls included."""
        points, frame = self._hand_frame(joints)
        closing = frame.y  # the closing direction: y of the gripper frame
        pan = np.asarray(joints, dtype=float)[..., 0]
        position = self._to_base(points[-1], pan, lift)
        return GripperPose(position, pan + np.arctan2(-closing[..., 0], closing[..., 1]))

    def orientation(self, joints: FloatArray) -> FloatArray:
        """See ``Kinematics``."""
        _, frame = self._hand_frame(joints)
        own = np.stack([np.cross(frame.y, -frame.x), frame.y, -frame.x], axis=-2)  # as rows, before the pan
        return np.swapaxes(rotate_z(own, np.asarray(joints, dtype=float)[..., :1]), -1, -2)

    def skeleton(self, joints: FloatArray, lift: FloatArray | float) -> FloatArray:
        """See ``Kinematics``."""
        points, _ = self._hand_frame(joints)
        pan = np.asarray(joints, dtype=float)[..., 0]
        return np.stack([self._to_base(point, pan, lift) for point in points], axis=-2)

    def _to_base(self, point: FloatArray, pan: FloatArray, lift: FloatArray | float) -> FloatArray:
        """A point ``[..., 3]`` of the plane that shoulder_pan turns, in the base frame."""
        c, s = np.cos(pan), np.sin(pan)
        x, y, z = np.moveaxis(point, -1, 0)
        moved: FloatArray = self._pan_axis + np.stack([c * x - s * y, s * x + c * y, z + lift], axis=-1)
        return moved

    def tilt(self, joints: FloatArray) -> FloatArray:
        """See ``Kinematics``."""
        _, frame = self._hand_frame(joints)
        angle: FloatArray = np.arccos(np.clip(-frame.x[..., 2], -1.0, 1.0))
        return angle

    def _hand_frame(self, joints: FloatArray) -> tuple[list[FloatArray], _Frame]:
        """Shoulder, elbow, wrist and grasp centre, ``[..., 3]`` each (metres, from the pan axis), and the hand's frame,
        before shoulder_pan turns.

        In the vertical plane that shoulder_pan turns: x away from the axis, z up.
        """
        _, lift, upper_roll, elbow, fore_roll, wrist, roll = np.moveaxis(np.asarray(joints, dtype=float), -1, 0)
        frame = _Frame(lift.shape)
        frame.flex(lift)
        shoulder = np.broadcast_to(self._shoulder, frame.x.shape)
        point = shoulder + frame.x * self._upper_arm[0]
        frame.roll(upper_roll)
        elbow_at = point + frame.x * self._upper_arm[1]
        frame.flex(elbow)
        point = elbow_at + frame.x * self._forearm[0]
        frame.roll(fore_roll)
        wrist_at = point + frame.x * self._forearm[1]
        frame.flex(wrist)
        grasp = wrist_at + frame.x * self._hand
        frame.roll(roll)
        return [shoulder, elbow_at, wrist_at, grasp], frame

    def inverse(self, pose: GripperPose, near: FloatArray, lift: float) -> FloatArray:
        """See ``Kinematics``.

        wrist_roll is continuous, so its value fits ``pose.yaw`` without being wrapped. A point out of reach is answered
        with the arm stretched or folded towards it; keep points within reach with ``Robot.clip_to_reach``.
        """
        x, y = pose.position[..., 0] - self._pan_axis[0], pose.position[..., 1] - self._pan_axis[1]
        pan = np.arctan2(y, x)
        out = np.hypot(x, y) - self._shoulder[0]
        up = pose.position[..., 2] + self._hand - self._shoulder_height(lift)
        upper, fore = self._links
        distance = np.hypot(out, up)
        bend = (distance**2 - upper**2 - fore**2) / (2 * upper * fore)
        elbow = np.arccos(np.clip(bend, -1.0, 1.0))
        flex = -np.arctan2(up, out) - np.arctan2(fore * np.sin(elbow), upper + fore * np.cos(elbow))
        zero = np.zeros_like(pan)
        joints: FloatArray = np.stack(
            [pan, flex, zero, elbow, zero, 0.5 * np.pi - flex - elbow, pan - pose.yaw], axis=-1
        )
        return joints

    def reach(self, height: FloatArray, lift: float) -> tuple[FloatArray, FloatArray]:
        """See ``Kinematics``."""
        (upper, fore), radius = self._links, float(self._shoulder[0])
        up = np.asarray(height) + self._hand - self._shoulder_height(lift)
        folded = np.sqrt(np.maximum(self._bent**2 - up**2, 0.0))
        # With shoulder_lift at its limit the wrist is on a circle about the elbow.
        elbow_out, elbow_up = upper * np.cos(self._max_lift), upper * np.sin(self._max_lift)
        raised = elbow_out + np.sqrt(np.maximum(fore**2 - (up - elbow_up) ** 2, 0.0))
        raised = np.where(up > elbow_up - fore, raised, 0.0)
        stretched = np.sqrt(np.maximum(self._stretched**2 - up**2, 0.0))
        return radius + np.maximum(folded, raised), radius + stretched


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
