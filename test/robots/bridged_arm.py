"""The arm behind a safety gate as the vendor's controller of a Fetch moves it, which goals reach late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from osil.core import FloatArray
from osil.fetch_bridge.goals import ArmGoals, arm_goal
from osil.robots.kinematics import GripperPose
from osil.robots.safety_gate import Orders
from osil.worlds.arm_simulation import STEPS_PER_CONTROL

from .gate import CONFIG, FETCH
from .gated_arm import GatedArm


class BridgedArm(GatedArm):
    """What it is told is what that controller tells it; its joints are there at once."""

    def __init__(self, pose: GripperPose, controller: Any, lateness: Callable[[], float]) -> None:
        """``controller``: see ``ros/fetch_controllers.py``. ``lateness``: of the next goal, seconds."""
        self._controller, self._lateness = controller, lateness
        self._seconds = 0.0
        self._goals = ArmGoals(FETCH)
        self._on_the_way: deque[tuple[float, Any]] = deque()
        super().__init__(CONFIG, pose, ticks=STEPS_PER_CONTROL)

    def carry_out(self, orders: Orders) -> None:
        super().carry_out(orders)
        if orders.arm is not None:
            before = self._on_the_way[-1][0] if self._on_the_way else 0.0  # none overtakes another
            told = self._goals.told(self._seconds, self.joints)
            due = max(before, self._seconds + self._lateness())
            trajectory = self._goals.meet(orders.arm.begun_at(*told))
            self._goals.sent(trajectory, self._seconds)
            self._on_the_way.append((due, arm_goal(FETCH, trajectory, 0)["goal"]))

    def _move(self, target: FloatArray) -> None:
        self._seconds += self.tick_seconds
        while self._on_the_way and self._on_the_way[0][0] <= self._seconds:
            self._controller.take(self._on_the_way.popleft()[1])
        told = self._controller.sample(self._seconds, self.joints)
        self.joints = self.joints if told is None else told
