"""When the safety gate holds, and how fast it lets an arm move."""

from __future__ import annotations

from dataclasses import dataclass

ON_A_ROBOT = {"max_speed": 0.25, "acceleration_scaling": 0.7, "lookahead": 0.2}
"""Parameters of the controller on a robot, beside people: slowly, and with three tenths of the accelerations that the
maker advises, and time, left to make up for goals that come late."""


@dataclass(frozen=True)
class GateConfig:
    """When to hold, and how fast to move. Seconds, metres.

    Attributes:
        command_timeout: age at which a command is stale.
        dead_man_timeout: time after a command of who has precedence in which the others stay locked out.
        joint_state_timeout: age at which joint states are stale.
        unmoved_timeout: time after which an arm that is commanded and does not move is stopped.
        release_timeout: time without a command after which whoever commanded has let go, and the next stream begins
            where the arm is. A clock that leaves out as much has jumped.
        max_speed: of the gripper, a second. All motion is slowed down by the same factor that this takes from the
            robot's greatest speed, so that whoever looks where the arm is steers it as well as at full speed.
        acceleration_scaling: factor on the robot's limits of joint acceleration.
        lookahead: time after which the joints have the speed that was asked for; until then they do not brake if no
            more commands come. Two control periods at least, so that a command that comes late by one finds them moving
            on: a controller that reached the first point before the next command came would begin anew from rest, and
            the arm would shake.
        table_height: of the table top over the floor.
    """

    command_timeout: float
    dead_man_timeout: float
    joint_state_timeout: float
    unmoved_timeout: float
    release_timeout: float
    max_speed: float
    acceleration_scaling: float
    lookahead: float
    table_height: float
