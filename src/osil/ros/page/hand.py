"""The operator's hand on the page: what it asks of the arm, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from osil.core import Action, FloatArray
from osil.geometry import clip_norm, wrap_angle
from osil.robots.kinematics import GripperPose
from osil.robots.recency import recent
from osil.ros.page.control_law import ControlLaw
from osil.ros.page.pointer import Pointer

TURNING = 2.0
"""Seconds for which the gripper may turn after the slider was moved: long enough for a quarter turn."""

TURNED = math.radians(0.5)
"""Nearer to where it shall turn the gripper has turned."""

GRIPPING = 1.0
"""Seconds for which the arm is held still while the fingers move, so that a recording shows that they do."""


STEPPING = 0.4
"""Seconds for which the gripper moves after a step was asked for: longer than a key that is held takes to repeat."""

AHEAD, TURNED_AHEAD = 0.05, math.radians(30.0)
"""Metres and radians from where it is to where steps in quick succession may send it."""


@dataclass(frozen=True)
class _Step:
    """Where the gripper shall go; since so many nanoseconds of the node's clock."""

    target: GripperPose
    since: int


@dataclass(frozen=True)
class _Wish:
    """A yaw in radians, or whether to close the fingers; since so many nanoseconds of the node's clock."""

    value: float
    since: int


class Hand:
    """Call it from one thread. Times are nanoseconds of one clock.

    Nothing is asked for longer than something is held, or for a moment after the slider was moved, or a key or a finger
    button pressed. ``let_go`` ends all of it at once; a drag that it ended goes on only when the gripper is grasped
    anew.
    """

    def __init__(self, law: ControlLaw) -> None:
        self._law = law
        self._pointer: Pointer | None = None
        self._step: _Step | None = None
        self._turn: _Wish | None = None
        self._grip: _Wish | None = None

    @property
    def dragging(self) -> bool:
        """Whether the gripper is being dragged."""
        return self._pointer is not None

    @property
    def busy(self) -> bool:
        """Whether anything is asked of the arm."""
        return any(wish is not None for wish in (self._pointer, self._step, self._turn, self._grip))

    @property
    def turning(self) -> bool:
        """Whether the gripper is being turned."""
        return self._turn is not None

    def grasp(self, place: FloatArray, now: int) -> None:
        """Begin to drag the gripper, from ``place`` ``[3]`` (metres, base frame)."""
        self._pointer = Pointer(place, now) if _is_place(place) else None

    def drag(self, place: FloatArray, now: int) -> None:
        """Drag the gripper to ``place`` ``[3]`` (metres, base frame), if it is still held."""
        if self._pointer is not None and _is_place(place):
            self._pointer.move(place, now)

    def drop(self) -> None:
        """End the drag."""
        self._pointer = None

    def step(self, way: FloatArray, turn: float, measured: GripperPose, now: int) -> None:
        """Move on by ``way`` ``[3]`` (metres, base frame) and ``turn`` (radians). Quick steps add up.

        Args:
            measured: where the gripper is, base frame.
            now: nanoseconds.
        """
        begin = self._step.target if self._step is not None else measured
        ahead = clip_norm(begin.position + way - measured.position, AHEAD)
        turned = np.clip(wrap_angle(begin.yaw + turn - measured.yaw), -TURNED_AHEAD, TURNED_AHEAD)
        self._step = _Step(GripperPose(measured.position + ahead, measured.yaw + turned), now)

    def turn(self, yaw: float, now: int) -> None:
        """Turn the gripper to ``yaw`` (radians, base frame)."""
        self._turn = _Wish(yaw, now) if math.isfinite(yaw) else None

    def grip(self, close: bool, now: int) -> None:
        """Close or open the fingers."""
        self._grip = _Wish(close, now)

    def let_go(self) -> None:
        """Ask nothing any more."""
        self._pointer = self._step = self._turn = self._grip = None

    def action(self, now: int, measured: GripperPose) -> tuple[Action, bool] | None:
        """What is asked for now, as the motion of a control period, and whether that is anything of the fingers.

        None: nothing.

        Args:
            now: nanoseconds.
            measured: where the gripper is, base frame.
        """
        if self._step is not None and not recent(self._step.since, now, STEPPING):
            self._step = None
        if self._turn is not None and not self._turns_on(self._turn, now, measured):
            self._turn = None
        if self._grip is not None and not recent(self._grip.since, now, GRIPPING):
            self._grip = None
        if not self.busy:
            return None
        target = measured if self._step is None else self._step.target
        if self._pointer is not None:
            target = replace(target, position=self._pointer.place(now))
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
