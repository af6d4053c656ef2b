"""Where everything in a scene is at one instant."""

from __future__ import annotations

from dataclasses import dataclass

from osil.core import FloatArray


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that a picture needs.

    Attributes:
        joint_positions: ``[A]`` in the order of ``Robot.all_joints``, radians or metres.
        block_positions: ``[B, 3]`` metres, base frame.
        block_quaternions: ``[B, 4]`` x y z w, base frame.
    """

    joint_positions: FloatArray
    block_positions: FloatArray
    block_quaternions: FloatArray
