"""Kinematics of any arm, by Pinocchio (``pip install osil_bringup[arms]``), from its URDF."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from osil.core import FloatArray
from osil.errors import ConfigError
from osil.robots.kinematics import GripperPose, Hand, Shell

try:
    import pinocchio
except ImportError as error:
    raise ConfigError("this arm needs Pinocchio: pip install osil_bringup[arms], or pip install pin") from error

STEPS = 200
"""Most steps of the inverse. From one control period to the next it takes about three."""

CLOSE = 1e-6
"""The inverse ends where the hand is so near (metres and radians)."""

DAMPING = 1e-2
"""Of the inverse, metres: what makes it slow rather than wild where the arm is nearly stretched."""

HOMING = 0.1
"""Share of the way to the home position that a step takes where joints are free to move without the hand."""


class PinocchioKinematics:
    """Damped Newton steps to where the hand shall be; what joints are free to do brings them home."""

    def __init__(
        self,
        urdf: Path,
        joints: Sequence[str],
        hand: Hand,
        base_height: float,
        home: Sequence[float],
        shell: Shell,
        skeleton: Sequence[str],
    ) -> None:
        """
        Args:
            urdf: all its other joints count as fixed at 0.
            joints: J of the arm.
            hand: where the gripper frame is.
            base_height: of the URDF's root over the floor, metres.
            home: ``[J]`` positions, radians, from which the inverse starts and to which it is drawn: the hand in front
                of the arm, pointing down.
            shell: what the arm reaches.
            skeleton: joints at the shoulder, the elbow and the wrist.

        Raises:
            ConfigError: the URDF lacks a joint or the link, or the shell is not between joints of the arm.
        """
        whole = pinocchio.buildModelFromUrdf(str(urdf))
        if not whole.existFrame(hand.link):
            raise ConfigError(f"{urdf}: expected a link {hand.link!r}, there is none")
        locked = [whole.getJointId(name) for name in whole.names[1:] if name not in joints]
        self._model = pinocchio.buildReducedModel(whole, locked, pinocchio.neutral(whole))
        if list(self._model.names)[1:] != list(joints) or self._model.nq != len(joints):
            raise ConfigError(
                f"{urdf}: expected joints {', '.join(joints)} with limits, from the base to the hand; it has "
                f"{', '.join(whole.names[1:])}"
            )
        grasp = pinocchio.SE3(hand.rotation, hand.position)
        parent = self._model.frames[self._model.getFrameId(hand.link)]
        self._frame = self._model.addFrame(
            pinocchio.Frame("grasp", parent.parentJoint, parent.placement * grasp, pinocchio.FrameType.OP_FRAME)
        )
        self._data = self._model.createData()
        self._base = np.array([0.0, 0.0, base_height])
        self._home, self._shell = np.array(home, dtype=float), shell
        grasped, shoulder, wrist = self._placement(self._home), self._origin(shell.shoulder), self._origin(shell.wrist)
        self._shoulder_height = shoulder[2]
        self._hand = wrist[2] - grasped.translation[2]  # height of the wrist over the grasp centre
        self._offset = grasped.translation[0] - wrist[0]  # of the grasp centre from the wrist, away from the axis
        self._skeleton = [self._model.getJointId(name) for name in skeleton]
        self.axis: FloatArray = np.zeros(2)

    def _origin(self, joint: str) -> FloatArray:
        """Where a joint of the arm is ``[3]`` as it was last placed, from the root of the URDF."""
        if not self._model.existJointName(joint):
            raise ConfigError(
                f"shell: expected joints of the arm, {', '.join(list(self._model.names)[1:])}; got {joint}"
            )
        origin: FloatArray = self._data.oMi[self._model.getJointId(joint)].translation.copy()
        return origin

    def _placement(self, joints: FloatArray) -> pinocchio.SE3:
        pinocchio.forwardKinematics(self._model, self._data, joints)
        return pinocchio.updateFramePlacement(self._model, self._data, self._frame)

    def _placements(self, joints: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Grasp centres ``[..., 3]`` and frames ``[..., 3, 3]`` of the gripper, base frame."""
        joints = np.asarray(joints, dtype=float)
        points, frames = np.empty((*joints.shape[:-1], 3)), np.empty((*joints.shape[:-1], 3, 3))
        for index in product(*(range(size) for size in joints.shape[:-1])):
            placement = self._placement(joints[index])
            points[index], frames[index] = placement.translation + self._base, placement.rotation
        return points, frames

    def forward(self, joints: FloatArray, lift: FloatArray | float) -> GripperPose:
        """See ``Kinematics``."""
        points, frames = self._placements(joints)
        return GripperPose(points, np.arctan2(-frames[..., 0, 1], frames[..., 1, 1]))

    def tilt(self, joints: FloatArray) -> FloatArray:
        """See ``Kinematics``."""
        _, frames = self._placements(joints)
        angle: FloatArray = np.arccos(np.clip(frames[..., 2, 2], -1.0, 1.0))
        return angle

    def skeleton(self, joints: FloatArray, lift: FloatArray | float) -> FloatArray:
        """See ``Kinematics``."""
        joints = np.asarray(joints, dtype=float)
        points = np.empty((*joints.shape[:-1], 4, 3))
        for index in product(*(range(size) for size in joints.shape[:-1])):
            grasp = self._placement(joints[index]).translation
            points[index] = [*(self._data.oMi[joint].translation for joint in self._skeleton), grasp]
        points += self._base
        return points

    def inverse(self, pose: GripperPose, near: FloatArray, lift: float) -> FloatArray:
        """See ``Kinematics``. A pose out of reach is answered with the nearest that the steps come to."""
        at = np.asarray(near, dtype=float)
        shape = np.shape(pose.yaw)
        found = np.empty((*shape, len(at)))
        for index in product(*(range(size) for size in shape)):
            at = self._approach(at, pose.position[index] - self._base, float(pose.yaw[index]))
            found[index] = at
        return found

    def _approach(self, joints: FloatArray, position: FloatArray, yaw: float) -> FloatArray:
        """Joint positions ``[J]`` near ``joints`` with the gripper at ``position`` ``[3]``, pointing down."""
        c, s = np.cos(yaw), np.sin(yaw)
        wanted = pinocchio.SE3(np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]), position)
        lower, upper = self._model.lowerPositionLimit, self._model.upperPositionLimit
        for _ in range(STEPS):
            error = pinocchio.log6(self._placement(joints).actInv(wanted)).vector
            if np.abs(error).max() < CLOSE:
                break
            jacobian = pinocchio.computeFrameJacobian(
                self._model, self._data, joints, self._frame, pinocchio.ReferenceFrame.LOCAL
            )
            damped = jacobian @ jacobian.T + min(DAMPING, float(error @ error)) * np.eye(6)
            step = jacobian.T @ np.linalg.solve(damped, error)
            free = HOMING * (self._home - joints)
            step += free - jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-9 * np.eye(6), jacobian @ free)
            joints = np.clip(joints + step, lower, upper)
        return joints

    def reach(self, height: FloatArray, lift: float) -> tuple[FloatArray, FloatArray]:
        """See ``Kinematics``: where the wrist is within the shell."""
        c = self._shell
        up = np.asarray(height) + self._hand - self._base[2] - self._shoulder_height
        least, greatest = (np.sqrt(np.maximum(edge**2 - up**2, 0.0)) for edge in (c.least, c.greatest))
        return self._offset + least, self._offset + greatest
