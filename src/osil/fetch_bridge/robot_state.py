"""What a Fetch says of itself, and whether it can be commanded."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from osil.fetch_bridge.goals import OURS
from osil.robots.stop_reasons import StopReason

BREAKER_ERROR = 2
"""State of a breaker that has tripped, in power_msgs/BreakerState."""

ABORTED, REJECTED = 4, 5
"""How a goal ended, in actionlib_msgs/GoalStatus: the controller has given it up, or did not take it."""

GOAL_TOLERANCE_VIOLATED = -5
"""Why it was given up, in control_msgs/FollowJointTrajectoryResult: something holds the arm off its goal, such as a
table on which a block is pressed. Whoever commands sees that by the joints."""

STATE_LOST = 3.0
"""Seconds without the robot's state after which it counts as unknown."""

FAILURE_TOLD = 1.0
"""Seconds for which a goal that failed, or is not ours, counts as a fault."""


class RobotState:
    """Hears of the robot's state, its run-stop and how goals of the arm end. Now is seconds of any clock."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.forget()

    def forget(self) -> None:
        """The connection is new: what was heard before may no longer be so."""
        self._runstopped = self._tripped = self._faulted = self._software_runstop = False
        self._failure, self._failed, self._heard = "", -inf, -inf

    def hear_state(self, message: Mapping[str, Any], now: float) -> None:
        """A fetch_driver_msgs/RobotState has come."""
        self._runstopped, self._faulted = bool(message["runstopped"]), bool(message["faulted"])
        self._tripped = any(breaker["state"] == BREAKER_ERROR for breaker in message["breakers"])
        self._heard = now

    def hear_software_runstop(self, message: Mapping[str, Any]) -> None:
        """A std_msgs/Bool has come on ``/software_runstop_enabled``."""
        self._software_runstop = bool(message["data"])

    def hear_arm_result(self, message: Mapping[str, Any], now: float) -> None:
        """A FollowJointTrajectoryActionResult has come, of ours or of another program's goal.

        That a goal of ours took the place of one of ours is nothing to speak of.
        """
        status, code = message["status"], message["result"]["error_code"]
        if not (name := status["goal_id"]["id"]).startswith(OURS):
            self._failure, self._failed = f"another program moves it (goal {name!r}); end that program first", now
        elif status["status"] in (ABORTED, REJECTED) and code != GOAL_TOLERANCE_VIOLATED:
            self._failure, self._failed = f"its controller has given up: {status['text'] or f'error {code}'}", now

    def problem(self, now: float) -> tuple[StopReason, str] | None:
        """Why the robot cannot be commanded, and the same for people; None: it can."""
        if now - self._heard > STATE_LOST:
            since = "yet" if self._heard == -inf else f"for {now - self._heard:.0f} s"
            return StopReason.LOST_CONNECTION, f"the robot has not told its state {since}; do its drivers run?"
        if self._runstopped or self._software_runstop:
            return StopReason.RUN_STOP, "the robot is run-stopped; release its button when everybody is clear"
        if self._tripped:
            return StopReason.FAULT, "a breaker of the robot has tripped; see its diagnostics"
        if self._faulted:
            return StopReason.FAULT, "the robot reports a fault; see its diagnostics"
        if now - self._failed < FAILURE_TOLD:
            return StopReason.FAULT, f"the arm: {self._failure}"
        return None
