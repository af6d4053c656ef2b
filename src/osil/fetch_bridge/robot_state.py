"""What a Fetch says of itself, and whether it can be commanded."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from osil.robots.stop_reasons import StopReason

BREAKER_ERROR = 2
"""State of a breaker that has tripped, in power_msgs/BreakerState."""

ABORTED, REJECTED = 4, 5
"""How a goal ended, in actionlib_msgs/GoalStatus: the controller has given it up, or did not take it."""

GOAL_TOLERANCE_VIOLATED = -5
"""Why it was given up, in control_msgs/FollowJointTrajectoryResult: something holds the arm off its goal, such as a
table on which a block is pressed. Whoever commands sees that by the joints."""

FAILURE_TOLD = 1.0
"""Seconds for which a goal that failed counts as a fault."""


class RobotState:
    """Hears of the robot's state, its run-stop and how goals of the arm end. Now is seconds of any clock."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.forget()

    def forget(self) -> None:
        """The connection is new: what was heard before may no longer be so."""
        self._heard = self._runstopped = self._tripped = self._faulted = self._software_runstop = False
        self._failure, self._failed = "", -inf

    def hear_state(self, message: Mapping[str, Any]) -> None:
        """A fetch_driver_msgs/RobotState has come."""
        self._runstopped, self._faulted = bool(message["runstopped"]), bool(message["faulted"])
        self._tripped = any(breaker["state"] == BREAKER_ERROR for breaker in message["breakers"])
        self._heard = True

    def hear_software_runstop(self, message: Mapping[str, Any]) -> None:
        """A std_msgs/Bool has come on ``/software_runstop_enabled``."""
        self._software_runstop = bool(message["data"])

    def hear_arm_result(self, message: Mapping[str, Any], now: float) -> None:
        """A FollowJointTrajectoryActionResult has come. One whose place a new goal took is none to speak of."""
        status, code = message["status"], message["result"]["error_code"]
        if status["status"] in (ABORTED, REJECTED) and code != GOAL_TOLERANCE_VIOLATED:
            self._failure, self._failed = status["text"] or f"error {code}", now

    def problem(self, now: float) -> tuple[StopReason, str] | None:
        """Why the robot cannot be commanded, and the same for people; None: it can."""
        if not self._heard:
            return StopReason.LOST_CONNECTION, "the robot has not told its state yet; do its drivers run?"
        if self._runstopped or self._software_runstop:
            return StopReason.RUN_STOP, "the robot is run-stopped; release its button when everybody is clear"
        if self._tripped:
            return StopReason.FAULT, "a breaker of the robot has tripped; see its diagnostics"
        if self._faulted:
            return StopReason.FAULT, "the robot reports a fault; see its diagnostics"
        if now - self._failed < FAILURE_TOLD:
            return StopReason.FAULT, f"the arm's controller has given up: {self._failure}"
        return None
