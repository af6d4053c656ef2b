"""How each reason to stop is brought about at an arm behind a safety gate, while the gripper is commanded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from osil.core import FloatArray
from osil.geometry import rotate_z
from osil.robots.clearance import clearances
from osil.robots.robot import Robot
from osil.robots.stop_reasons import StopReason
from osil.robots.trajectory import Trajectory

from .gate import CONFIG, FETCH
from .gated_arm import TELEOPERATION, GatedArm, Readings

DOWN, UP = np.array([0.0, 0.0, -0.4]), np.array([0.0, 0.0, 0.6])

PASSING = {StopReason.CLOCK_JUMP, StopReason.OTHER_MOTION}
"""Go by themselves once the arm rests, although nothing is mended: what they tell of is over."""

PLACES = set(clearances(FETCH, np.zeros((1, len(FETCH.arm_joints))), FETCH.lift, CONFIG.table_height))
"""The gripper is commanded there and beyond. Of a command that leads beyond, the gate follows what it can."""

Act = Callable[[GatedArm], None]


@dataclass(frozen=True)
class Fault:
    """Commands, of teleoperation, go on meanwhile.

    Attributes:
        name: for people.
        inject: brings it about. Most do so at once; what takes a while ends with the fault.
        end: all is well again.
    """

    name: str
    inject: Act
    end: Act = GatedArm.honest


def _set(attribute: str, value: object) -> Act:
    return lambda arm: setattr(arm, attribute, value)


def _falsified(change: Callable[[Readings], Readings]) -> Act:
    return _set("falsify", change)


def _shifted(readings: Readings, joint: str, by: float) -> Readings:
    return {**readings, joint: readings[joint] + by}


def across(arm: GatedArm, speed: float) -> FloatArray:
    """A velocity (m/s, gripper frame) away from the axis about which the arm turns."""
    gripper = arm.gripper
    away = gripper.position[:2] - FETCH.kinematics.axis
    return rotate_z(np.array([*(speed * away / np.linalg.norm(away)), 0.0]), -gripper.yaw)


def _freeze(arm: GatedArm) -> None:
    """Joint states repeat what they said, with fresh stamps, while the arm moves on."""
    last: Readings = {}
    arm.falsify = lambda readings: last.setdefault("all", readings)  # type: ignore


def _drift(arm: GatedArm) -> None:
    """Something pushes the arm on, slowly."""
    begun = len(arm.path)
    arm.falsify = lambda readings: _shifted(
        readings, "shoulder_pan_joint", min(0.5, (len(arm.path) - begun) * arm.tick_seconds)
    )


def _lose_a_joint(arm: GatedArm) -> None:
    """The controller is started anew, and hears nothing of the elbow."""
    arm.restart()
    arm.falsify = lambda readings: {name: at for name, at in readings.items() if name != "elbow_flex_joint"}


def _bend(by: float) -> Act:
    """The arm rests without telling where, somebody turns its wrist, and it tells again."""

    def act(arm: GatedArm) -> None:
        arm.falsify = None
        arm.rest(1.2)
        arm.put(arm.joints + by * np.eye(7)[5])
        arm.honest()
        arm.rest(0.1)

    return act


def _plan(arm: GatedArm) -> None:
    """Nobody commands, and the arm is amid a planned motion: to its other side, with the hand turned meanwhile."""
    arm.rest(1.2)
    aside = np.array([-np.copysign(0.6, arm.joints[0]), 0.0, 0.0, 0.0, 0.0, 0.0, 0.5])
    corners = np.array([arm.joints, arm.joints + aside])
    arm.gate.move(arm.now, Trajectory(np.array([0.0, 0.5]), corners, np.zeros_like(corners)))
    arm.rest(1.0)


def _grow(arm: GatedArm) -> None:
    """The gate takes the trunk to be so stout that the arm meets it first, which that of a Fetch is not."""
    arm.rest(1.2)
    _push_inwards(arm, replace(FETCH, body=replace(FETCH.body, trunk=STOUT)))


def _stiffen(arm: GatedArm) -> None:
    """The gate takes the elbow to bend so little further that the arm meets its limit first."""
    arm.rest(1.2)
    _push_inwards(arm, replace(FETCH, upper=np.where(np.arange(7) == 3, arm.joints[3] + STIFF, FETCH.upper)))


def _push_inwards(arm: GatedArm, robot: Robot) -> None:
    """The gripper is commanded inwards, by a gate that takes the arm for this one."""
    arm.restart(robot)
    arm.rest(0.1)
    arm.asks = lambda arm: across(arm, -0.4)


def _as_it_is(arm: GatedArm) -> None:
    """The gate is started anew."""
    arm.honest()
    arm.restart()


STOUT, STIFF = 0.38, 0.2
"""Metres, radians."""


def _ignore(arm: GatedArm) -> None:
    """Commanded so slowly that it is not far enough from where it was told to be to count as pushed there."""
    arm.obeys = False
    arm.asks = lambda arm: across(arm, 0.1)


def _hold_fingers(arm: GatedArm) -> None:
    arm.fingers_obey = False
    arm.carry_out(arm.gate.grip(arm.now, TELEOPERATION, True))


def _reported(reason: StopReason) -> Fault:
    return Fault(
        "it is reported",
        lambda arm: arm.gate.report(reason, "so it says"),
        lambda arm: arm.gate.report(reason, ""),
    )


FAULTS = {
    StopReason.NO_COMMAND: Fault("nothing is commanded any more", _set("mute", True)),
    StopReason.OTHER_MOTION: Fault("commanded amid a planned motion", _plan),
    StopReason.STALE_COMMAND: Fault("commands are 0.5 s old", _set("ahead", -0.5)),
    StopReason.FUTURE_COMMAND: Fault("commands are 0.5 s ahead", _set("ahead", 0.5)),
    StopReason.NOT_FINITE: Fault("commands are NaN", _set("asks", lambda arm: np.array([0.0, np.nan, 0.0]))),
    StopReason.WRONG_FRAME: Fault("commands in another frame", _set("wrong_frame", True)),
    StopReason.MISSING_JOINT_STATE: Fault("started anew, a joint is not reported", _lose_a_joint),
    StopReason.STALE_JOINT_STATE: Fault("no joint states", _set("falsify", None)),
    StopReason.CLOCK_JUMP: Fault("the clock goes on by 10 s", lambda arm: arm.set_clock(10.0), lambda arm: None),
    StopReason.CLOCK_STOPPED: _reported(StopReason.CLOCK_STOPPED),
    StopReason.TILT: Fault("somebody has bent the wrist", _bend(-0.5), _bend(0.5)),
    StopReason.JOINT_MARGIN: Fault("commanded inwards with an elbow that bends little", _stiffen, _as_it_is),
    StopReason.WORKSPACE: Fault("commanded up", _set("asks", lambda arm: UP)),
    StopReason.REACH: Fault("commanded outwards", _set("asks", lambda arm: across(arm, 0.4))),
    StopReason.TABLE: Fault("commanded down", _set("asks", lambda arm: DOWN)),
    StopReason.SELF_COLLISION: Fault("commanded towards a stout trunk", _grow, _as_it_is),
    StopReason.ARM_UNMOVED: Fault("what is sent does not arrive", _ignore),
    StopReason.GRIPPER_UNMOVED: Fault("the fingers do not", _hold_fingers),
    StopReason.IMPLAUSIBLE_JOINT_STATE: Fault(
        "a joint jumps by 0.5 rad", _falsified(lambda readings: _shifted(readings, "elbow_flex_joint", 0.5))
    ),
    StopReason.FROZEN_JOINT_STATE: Fault("joint states are frozen", _freeze),
    StopReason.TRACKING_ERROR: Fault("a joint is pushed on", _drift),
    **{
        reason: _reported(reason)
        for reason in (
            StopReason.LOST_CONNECTION,
            StopReason.RUN_STOP,
            StopReason.FAULT,
            StopReason.EMERGENCY_STOP,
            StopReason.INACTIVE,
        )
    },
    StopReason.OPERATOR_STOP: Fault(
        "the operator stops it", lambda arm: arm.carry_out(arm.gate.stop(arm.now, StopReason.OPERATOR_STOP))
    ),
}
"""One for each reason."""
