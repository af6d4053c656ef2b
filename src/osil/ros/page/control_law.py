"""How the gripper follows the place to which it is dragged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import CONTROL_PERIOD, Action
from osil.geometry import clip_norm, rotate_z, wrap_angle
from osil.robots.kinematics import GripperPose


@dataclass(frozen=True)
class ControlLaw:
    """Speed in proportion to what is left of the way, up to a limit.

    Attributes:
        gain: speed for each metre or radian that is left, 1/s. Above 8 an arm that acts late swings.
        max_speed: m/s.
        max_yaw_rate: rad/s.
    """

    gain: float = 7.0
    max_speed: float = 0.3
    max_yaw_rate: float = 1.5

    def action(self, target: GripperPose, measured: GripperPose, close: bool) -> Action:
        """What brings the gripper nearer to ``target`` in one control period (base frame, no leading dimensions)."""
        motion = self.gain * CONTROL_PERIOD * (target.position - measured.position)
        turn = self.gain * CONTROL_PERIOD * wrap_angle(target.yaw - measured.yaw)
        most = self.max_yaw_rate * CONTROL_PERIOD
        return Action(
            rotate_z(clip_norm(motion, self.max_speed * CONTROL_PERIOD), -measured.yaw),
            np.array(close),
            np.clip(turn, -most, most),
        )
