"""What a planner is told, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from osil.core import FloatArray
from osil.robots.trajectory import Trajectory


@dataclass(frozen=True, eq=False)
class Situation:
    """Where everything is while the arm rests.

    Attributes:
        joints: ``[J]`` of the arm, radians.
        lift: position of the joint that slides the whole arm up, metres.
        opening: distance between the finger pads, metres.
        block_names: one a block.
        block_positions: ``[B, 3]`` centres, metres, base frame.
        block_quaternions: ``[B, 4]`` x y z w, base frame.
    """

    joints: FloatArray
    lift: float
    opening: float
    block_names: tuple[str, ...]
    block_positions: FloatArray
    block_quaternions: FloatArray


class Planner(Protocol):
    """Finds a way for the arm."""

    def plan(self, situation: Situation, goal: FloatArray) -> Trajectory:
        """A motion to ``goal`` ``[J]`` (radians) from where the arm is, from rest to rest, that touches nothing.

        Raises:
            PlanningError: there is none, or none was found; it says what is in the way.
        """
