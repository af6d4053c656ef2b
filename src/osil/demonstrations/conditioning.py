"""Which frames of a demonstration the policy is conditioned on (sections 4.2.2 and 5.2).

Temporal dropout throws most time steps away at random. The paper drops each with probability 0.95. Here the kept
frames are drawn uniformly along the *path* that the gripper travels, not along time: people move at any speed, hesitate
and pause, and so a slow or uneven demonstration yields the same frames as a brisk one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from osil.core import FloatArray, Observation
from osil.errors import ConfigError
from osil.geometry import wrap_cube_yaw
from osil.tasks.block_stacking import layout_below
from osil.tasks.blocks import Blocks

Kind = Literal["trajectory", "snapshots", "final_state"]

Along = Literal["path", "time"]

TRAVEL_UNIT = 0.010
"""Metres of gripper travel that count as one unit of path: about a control step of a brisk expert."""

OPENING_UNIT = 0.002
"""Metres of finger motion that count as one unit of path; small, because grasps and releases tell stages apart."""

YAW_UNIT = 0.10
"""Radians of gripper rotation that count as one unit of path."""


@dataclass(frozen=True)
class Conditioning:
    """How a demonstration is cut down.

    Attributes:
        kind: ``trajectory`` with temporal dropout; ``snapshots``, the last frame of each stage; ``final_state``.
        dropout: share of the path's units, or of the time steps, that is thrown away.
        along: what the kept frames are drawn along: ``path``, or ``time`` as in the paper.

    Raises:
        ConfigError: an unknown kind or way, or a dropout outside [0, 1).
    """

    kind: Kind = "trajectory"
    dropout: float = 0.96
    along: Along = "path"

    def __post_init__(self) -> None:
        if self.along not in get_args(Along):
            raise ConfigError(f"{self}: expected along to be one of {get_args(Along)}")
        if self.kind not in get_args(Kind) or not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"{self}: expected kind one of {get_args(Kind)} and dropout in [0, 1)")

    def frames(self, demonstration: Observation, rng: np.random.Generator, blocks: Blocks) -> np.ndarray:
        """Indices of the frames to keep, ascending. The final frame always stays: it shows the layout reached.

        Args:
            demonstration: observations with leading ``[T]``.
            rng: draws the frames that temporal dropout keeps.
            blocks: how large they are.
        """
        last = len(demonstration.gripper_opening) - 1
        if self.kind == "final_state":
            return np.array([last])
        if self.kind == "snapshots":
            return stage_ends(demonstration, blocks)
        path = path_length(demonstration) if self.along == "path" else np.arange(last + 1.0)
        count = max(2, round((1.0 - self.dropout) * float(path[-1])))
        drawn = np.searchsorted(path, rng.uniform(0.0, path[-1], count))
        return np.unique(np.append(np.minimum(drawn, last), last))


def path_length(demonstration: Observation) -> FloatArray:
    """Units of motion from the start to each frame, ``[T]``, from what the gripper sees of itself and its blocks.

    The gripper's travel is the median motion of the blocks in its frame: most blocks lie still. This is not
    ``gripper_motion``, because a motion of the blocks in the gripper's frame also counts rotation, as distance. The
    released policies have learned with frames that were drawn along this path; another path would draw others.
    """
    shift = np.diff(demonstration.block_positions, axis=0)
    travel = np.median(np.sqrt((shift**2).sum(-1)), axis=-1)
    turn = np.median(np.abs(wrap_cube_yaw(np.diff(demonstration.block_yaws, axis=0))), axis=-1)
    fingers = np.abs(np.diff(demonstration.gripper_opening))
    units = travel / TRAVEL_UNIT + turn / YAW_UNIT + fingers / OPENING_UNIT
    return np.concatenate([[0.0], np.cumsum(units)])


def stage_ends(demonstration: Observation, blocks: Blocks) -> np.ndarray:
    """The last frame of each stage: where the layout is about to change for good, and the final frame."""
    below = layout_below(demonstration.block_positions, blocks)
    changed = np.nonzero((below[1:] != below[:-1]).any(-1))[0]
    stacked = (below >= 0).sum(-1)
    last = len(below) - 1
    rising = changed[(stacked[changed + 1] >= stacked[changed]) & (stacked[changed] > 0)]
    return np.unique(np.append(rising, last))
