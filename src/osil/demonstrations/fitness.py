"""Whether a demonstration shows what a stacking policy can imitate: blocks that are put on one another, and let go."""

from __future__ import annotations

import numpy as np

from osil.core import Action, Demonstration, Observation
from osil.demonstrations.gripper_motion import gripper_path
from osil.errors import DemonstrationError
from osil.geometry import rotate_z
from osil.tasks.block_size import held_width
from osil.tasks.block_stacking import layout_below
from osil.tasks.blocks import LARGEST, MISREAD, SMALLEST, Blocks, between_fingers
from osil.tasks.progress import Progress

JUMP = (0.072, 0.1)
"""A hand moves one block against another by no more than this in a step, even at ten steps a second: metres, and a
share of their distance."""


def check_fit(demonstration: Demonstration[Observation, Action]) -> None:
    """See whether a demonstration can be imitated.

    Raises:
        DemonstrationError: nothing happens; blocks were taken for one another; no block is held; the opening is that of
            one finger; it ends with a block in the fingers, or with no block that was put on another.
    """
    seen = demonstration.observations
    _check_motion(seen)
    _check_names(seen)
    _check_opening(seen)
    progress = Progress(demonstration)
    before = layout_below(seen.block_positions[0], progress.blocks)
    if not ((progress.below >= 0) & (progress.below != before)).any():
        raise DemonstrationError(
            "no block is put on another in this demonstration, all that stands on another did so at its start; record "
            "one in which a block is"
        )


def is_fit(demonstration: Demonstration[Observation, Action]) -> bool:
    """Whether ``check_fit`` finds nothing wrong."""
    try:
        check_fit(demonstration)
    except DemonstrationError:
        return False
    return True


def _check_motion(seen: Observation) -> None:
    """Raise DemonstrationError unless the fingers and the gripper moved."""
    fingers = np.ptp(seen.gripper_opening)
    travel = np.ptp(seen.block_positions, axis=0).max()
    if fingers < 0.005 or travel < 0.02:
        raise DemonstrationError(
            f"nothing happens in this demonstration: the fingers moved {fingers:.3f} m and the gripper at most "
            f"{travel:.3f} m; expected a grasp and a motion, record it again"
        )


def _check_names(seen: Observation) -> None:
    """Raise DemonstrationError if blocks change places from one step to the next, as no hand can make them.

    One block that is somewhere else at once was not seen for a while. That is none of it.
    """
    places = rotate_z(seen.block_positions, gripper_path(seen).yaw[:, None])  # turned as the gripper was at first
    offset = places[:, :, None] - places[:, None]
    change = np.linalg.norm(np.diff(offset, axis=0), axis=-1)
    distance = np.linalg.norm(offset[:-1], axis=-1)
    jumped = change > JUMP[0] + JUMP[1] * distance
    turned_over = jumped & (np.linalg.norm(offset[1:] + offset[:-1], axis=-1) < 0.25 * change)
    several = np.all([np.delete(np.delete(jumped, k, 1), k, 2).any((1, 2)) for k in range(seen.num_blocks)], axis=0)
    steps = np.nonzero(several | turned_over.any((1, 2)))[0]
    if len(steps):
        raise DemonstrationError(
            f"blocks changed places from step {steps[0]} to step {steps[0] + 1} of this demonstration, faster than a "
            "hand can move them: the tracker took them for one another; record it again"
        )


def _check_opening(seen: Observation) -> None:
    """Raise DemonstrationError if only fingers twice as far apart as it is told could hold what stands there."""
    both = Observation(seen.block_positions, 2.0 * seen.gripper_opening, seen.block_yaws)
    thin = (seen.gripper_opening < SMALLEST - MISREAD) & between_fingers(seen.block_positions).any(-1)
    if _stands(both) and (thin.any() or not _stands(seen)):
        raise DemonstrationError(
            f"the fingers read {0.5 * held_width(both):.3f} m at blocks that stand {held_width(both):.3f} m above one "
            "another: the opening seems to be that of one finger; expected the distance between both finger pads"
        )


def _stands(seen: Observation) -> bool:
    """Whether blocks as large as the fingers tell stand on one another at the end."""
    try:
        blocks = Blocks(float(np.clip(held_width(seen), SMALLEST, LARGEST)))
    except DemonstrationError:
        return False
    return bool((layout_below(seen.block_positions[-1], blocks) >= 0).any())
