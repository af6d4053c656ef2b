"""The operator's hand on the page: what it asks of the arm, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from osil.core import Action, FloatArray
from osil.geometry import wrap_angle
from osil.robots.kinematics import GripperPose
from osil.robots.recency import recent
from osil.ros.page.control_law import ControlLaw

TURNING = 2.0
"""Seconds for which the gripper may turn after the slider was moved: long enough for a quarter turn."""

TURNED = math.radians(0.5)
"""Nearer to where it shall turn the gripper has turned."""

GRIPPING = 1.0
"""Seconds for which the arm is held still while the fingers move, so that a recording shows that they do."""


@dataclass(frozen=True)
class _Wish:
    """A yaw in radians, or whether to close the fingers; since so many nanoseconds of the node's clock."""

    value: float
    since: int


class Hand:
    """Call it from one thread. Times are nanoseconds of one clock.

    Nothing is asked for longer than something is held, or for a moment after the slider was moved or a finger button
    pressed. ``let_go`` ends all of it at once; a drag that it ended goes on only when the gripper is grasped anew.
    """

    def __init__(self, law: ControlLaw) -> None:
        self._law = law
        self._place: FloatArray | None = None
        self._turn: _Wish | None = None
        self._grip: _Wish | None = None

    @property
    def dragging(self) -> bool:
        """Whether the gripper is being dragged."""
        return self._place is not None

    @property
    def turning(self) -> bool:
        """Whether the gripper is being turned."""
        return self._turn is not None

    def grasp(self, place: FloatArray) -> None:
        """Begin to drag the gripper, from ``place`` ``[3]`` (metres, base frame)."""
        self._place = place if _is_place(place) else None

    def drag(self, place: FloatArray) -> None:
        """Drag the gripper to ``place`` ``[3]`` (metres, base frame), if it is still held."""
        if self._place is not None and _is_place(place):
            self._place = place

    def drop(self) -> None:
        """End the drag."""
        self._place = None

    def turn(self, yaw: float, now: int) -> None:
        """Turn the gripper to ``yaw`` (radians, base frame)."""
        self._turn = _Wish(yaw, now) if math.isfinite(yaw) else None

    def grip(self, close: bool, now: int) -> None:
        """Close or open the fingers."""
        self._grip = _Wish(close, now)

    def let_go(self) -> None:
        """Ask nothing any more."""
        self._place = self._turn = self._grip = None

    def action(self, now: int, measured: GripperPose) -> tuple[Action, bool] | None:
        """What is asked for in the next control period, and whether it says anything of the fingers; None: nothing.

        Args:
            now: nanoseconds.
            measured: where the gripper is, base frame.
        """
        if self._turn is not None and not self._turns_on(self._turn, now, measured):
            self._turn = None
        if self._grip is not None and not recent(self._grip.since, now, GRIPPING):
            self._grip = None
        if self._place is None and self._turn is None and self._grip is None:
            return None
        target = measured
        if self._place is not None:
            target = replace(target, position=self._place)
        if self._turn is not None:
            target = replace(target, yaw=np.array(self._turn.value))
        close = self._grip is not None and bool(self._grip.value)
        return self._law.action(target, measured, close), self._grip is not None

    def _turns_on(self, turn: _Wish, now: int, measured: GripperPose) -> bool:
        left = abs(wrap_angle(turn.value - measured.yaw))
        return recent(turn.since, now, TURNING) and bool(left > TURNED)


def _is_place(place: FloatArray) -> bool:
    """Whether it is one: a browser may send anything."""
    return place.shape == (3,) and bool(np.isfinite(place).all())
