"""What a Fetch says of itself becomes a named reason to stop."""

from __future__ import annotations

from typing import Any

import pytest

from osil.fetch_bridge.robot_state import FAILURE_TOLD, RobotState
from osil.robots.stop_reasons import StopReason

WELL: dict[str, Any] = {"ready": True, "faulted": False, "runstopped": False, "breakers": [{"state": 1}, {"state": 0}]}


def heard(**changes: Any) -> RobotState:
    state = RobotState()
    state.hear_state({**WELL, **changes})
    return state


def reason(state: RobotState, now: float = 0.0) -> StopReason | None:
    problem = state.problem(now)
    return problem[0] if problem else None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"runstopped": True}, StopReason.RUN_STOP),
        ({"faulted": True}, StopReason.FAULT),
        ({"breakers": [{"state": 1}, {"state": 2}]}, StopReason.FAULT),
        ({"runstopped": True, "faulted": True}, StopReason.RUN_STOP),
    ],
)
def test_its_state_is_heeded(changes: dict[str, Any], expected: StopReason | None) -> None:
    assert reason(heard(**changes)) is expected


def test_a_robot_that_has_said_nothing_cannot_be_commanded() -> None:
    state = heard()
    state.forget()
    assert reason(state) is StopReason.LOST_CONNECTION


def test_the_run_stop_by_software_counts_as_well() -> None:
    state = heard()
    state.hear_software_runstop({"data": True})
    assert reason(state) is StopReason.RUN_STOP
    state.hear_software_runstop({"data": False})
    assert reason(state) is None


@pytest.mark.parametrize(("status", "failed"), [(2, False), (3, False), (4, True), (5, True)])
def test_a_goal_that_fails_is_a_fault_for_a_while(status: int, failed: bool) -> None:
    state = heard()
    state.hear_arm_result({"status": {"status": status, "text": "off the path"}, "result": {"error_code": -4}}, now=1.0)
    assert (reason(state, 1.1) is StopReason.FAULT) == failed
    assert reason(state, 1.1 + FAILURE_TOLD) is None
