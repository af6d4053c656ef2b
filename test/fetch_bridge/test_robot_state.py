"""What a Fetch says of itself becomes a named reason to stop."""

from __future__ import annotations

from typing import Any

import pytest

from osil.fetch_bridge.goals import OURS
from osil.fetch_bridge.robot_state import FAILURE_TOLD, STATE_LOST, RobotState
from osil.robots.stop_reasons import StopReason

WELL: dict[str, Any] = {"ready": True, "faulted": False, "runstopped": False, "breakers": [{"state": 1}, {"state": 0}]}


def heard(**changes: Any) -> RobotState:
    state = RobotState()
    state.hear_state({**WELL, **changes}, 0.0)
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


def test_a_robot_that_says_nothing_any_more_cannot_be_commanded_either() -> None:
    state = heard()
    assert reason(state, STATE_LOST) is None
    assert reason(state, STATE_LOST + 0.1) is StopReason.LOST_CONNECTION


def test_the_run_stop_by_software_counts_as_well() -> None:
    state = heard()
    state.hear_software_runstop({"data": True})
    assert reason(state) is StopReason.RUN_STOP
    state.hear_software_runstop({"data": False})
    assert reason(state) is None


@pytest.mark.parametrize(
    ("status", "code", "failed"), [(2, 0, False), (3, 0, False), (4, -4, True), (5, 0, True), (4, -5, False)]
)
def test_a_goal_that_fails_is_a_fault_for_a_while(status: int, code: int, failed: bool) -> None:
    """But for one that the arm is held off: preempted, succeeded, aborted, rejected, not reached."""
    state = heard()
    state.hear_arm_result(result(status, code), now=1.0)
    assert (reason(state, 1.1) is StopReason.FAULT) == failed
    assert reason(state, 1.1 + FAILURE_TOLD) is None


@pytest.mark.parametrize("status", [2, 3])
def test_a_goal_of_another_program_is_a_fault_that_names_it(status: int) -> None:
    state = heard()
    state.hear_arm_result(result(status, 0, "/move_group-1"), now=1.0)
    problem = state.problem(1.1)
    assert problem is not None
    assert problem[0] is StopReason.FAULT
    assert "/move_group-1" in problem[1]


def result(status: int, code: int, name: str = f"{OURS}7") -> dict[str, Any]:
    """How a goal ended."""
    return {"status": {"goal_id": {"id": name}, "status": status, "text": ""}, "result": {"error_code": code}}
