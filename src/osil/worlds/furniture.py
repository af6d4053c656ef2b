"""What stands around a robot, as boxes: the table, and a pedestal for an arm that has no base of its own."""

from __future__ import annotations

from dataclasses import dataclass

from osil.robots.robot import Robot

Vector = tuple[float, float, float]

_NEAR, _FAR, _ASIDE = 0.065, 0.117, 0.13
"""So far the table goes on beyond where centres of blocks may lie: towards the arm, away from it, to the sides."""

_THICKNESS, _LEG = 0.03, 0.04
_PEDESTAL, _PEDESTAL_X = (0.24, 0.24), -0.03
_TOP_COLOUR, _LEG_COLOUR, _PEDESTAL_COLOUR = (0.80, 0.66, 0.50), (0.42, 0.34, 0.27), (0.42, 0.44, 0.47)


@dataclass(frozen=True)
class Box:
    """An upright box.

    Attributes:
        size: edges along x, y and z, metres.
        position: of its centre, base frame, metres.
        colour: RGB, 0 to 1.
    """

    size: Vector
    position: Vector
    colour: Vector


def furniture(robot: Robot) -> list[Box]:
    """The boxes, the table's top first."""
    near, far, aside = robot.table.extent
    near, far, width, top = near - _NEAR, far + _FAR, 2.0 * (aside + _ASIDE), robot.table.height
    x, length, leg = 0.5 * (near + far), far - near, top - _THICKNESS
    boxes = [Box((length, width, _THICKNESS), (x, 0.0, top - 0.5 * _THICKNESS), _TOP_COLOUR)]
    for end in (-0.5, 0.5):
        for side in (-0.5, 0.5):
            at = (x + end * (length - _LEG), side * (width - _LEG), 0.5 * leg)
            boxes.append(Box((_LEG, _LEG, leg), at, _LEG_COLOUR))
    if robot.base_height > 0.0:
        height = robot.base_height
        boxes.append(Box((*_PEDESTAL, height), (_PEDESTAL_X, 0.0, 0.5 * height), _PEDESTAL_COLOUR))
    return boxes
