"""Why an arm is held or stopped, and what it takes to go on."""

from __future__ import annotations

from enum import Enum


class ClearedBy(Enum):
    """What ends a stop."""

    ITSELF = "goes on by itself as soon as the cause has gone"
    LETTING_GO = "ends when whoever commands has let go for a moment"
    RESUME = "latched: ends when resume is called, and the cause has gone"


class StopReason(Enum):
    """Each with what ends it, and a sentence for people.

    Speed and acceleration of the joints are no reasons to stop: no command exceeds their limits, whatever is asked.
    """

    NO_COMMAND = ClearedBy.ITSELF, "nobody commands"
    OTHER_MOTION = ClearedBy.ITSELF, "the arm makes another motion, which ends first"
    STALE_COMMAND = ClearedBy.ITSELF, "commands are old when they come"
    FUTURE_COMMAND = ClearedBy.ITSELF, "commands come from the future"
    NOT_FINITE = ClearedBy.ITSELF, "a command has a number that is not finite, or might as well not be"
    WRONG_FRAME = ClearedBy.ITSELF, "a command is given in another frame than the gripper's"
    MISSING_JOINT_STATE = ClearedBy.ITSELF, "a joint is not reported"
    STALE_JOINT_STATE = ClearedBy.ITSELF, "joint states have stopped coming, or are of another time"
    CLOCK_JUMP = ClearedBy.ITSELF, "the clock was set, or the controller did not run for a moment"
    CLOCK_STOPPED = ClearedBy.ITSELF, "the clock has stopped"
    TILT = ClearedBy.ITSELF, "the hand does not point down"
    JOINT_MARGIN = ClearedBy.ITSELF, "a joint would come too near to its limit"
    WORKSPACE = ClearedBy.ITSELF, "the gripper would leave its workspace"
    REACH = ClearedBy.ITSELF, "the arm would be stretched or folded too far"
    TABLE = ClearedBy.ITSELF, "the arm would come too near to the table"
    SELF_COLLISION = ClearedBy.ITSELF, "the arm would come too near to itself or the trunk"
    INACTIVE = ClearedBy.LETTING_GO, "the controller is not active"
    ARM_UNMOVED = ClearedBy.LETTING_GO, "the arm is commanded and does not move"
    GRIPPER_UNMOVED = ClearedBy.LETTING_GO, "the gripper is commanded and does not move"
    IMPLAUSIBLE_JOINT_STATE = ClearedBy.RESUME, "joint states cannot be true"
    FROZEN_JOINT_STATE = ClearedBy.RESUME, "joint states are frozen"
    TRACKING_ERROR = ClearedBy.RESUME, "the arm is not where it was told to be"
    LOST_CONNECTION = ClearedBy.RESUME, "the connection to the robot is lost"
    RUN_STOP = ClearedBy.RESUME, "the robot is run-stopped"
    FAULT = ClearedBy.RESUME, "the robot reports a fault"
    EMERGENCY_STOP = ClearedBy.RESUME, "the robot's emergency stop is pressed"
    OPERATOR_STOP = ClearedBy.RESUME, "the operator has stopped the arm"

    def __init__(self, cleared_by: ClearedBy, sentence: str) -> None:
        self.cleared_by, self.sentence = cleared_by, sentence

    @property
    def at_edge(self) -> str:
        """What to tell whoever commands an arm beyond where it may be."""
        return f"{self.sentence}; command it away from there"


class Refusal(Exception):
    """A command that is not followed."""

    def __init__(self, reason: StopReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
