"""Replay: the path that the gripper went in the demonstration, gone again from where the blocks lie now. No network.

The demonstration is cut where the fingers close about a block and where they let it go. Each part is the path of the
gripper relative to one block, its anchor: the block to pick, then the block to put it on. When a part begins, the actor
looks where its anchor lies in the live scene, carries the path over to there, and goes along it open loop: from then on
it heeds nothing but whether its own hand keeps to the path, as an arm under position control does. So blocks may be
moved before a part begins, but not during it, and what goes wrong stays wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osil.core import Action, BoolArray, Demonstration, FloatArray, Observation
from osil.demonstrations.fitness import check_fit
from osil.errors import DemonstrationError
from osil.experts.stacking import ExpertConfig
from osil.geometry import rotate_z, wrap_cube_yaw
from osil.robots.kinematics import GripperPose
from osil.tasks.blocks import in_fingers
from osil.tasks.progress import Progress

SMOOTHED = 3
"""Control steps over which the demonstrated path is averaged, because a tracker is not quiet. Over five, the corner
between up and across is cut so far that some of the towers fall that the hand leaves."""

GAIN = 0.2
"""Share of the hand's distance from the path that is made up for in a control step."""


@dataclass(frozen=True, eq=False)
class Part:
    """From one grasp or release of a demonstration to the next: K steps, and so K + 1 poses.

    Attributes:
        anchor: index of the block that the path is relative to.
        moved: index of the block that is picked, carried or was just put down: it says nothing of where the hand is.
        path: ``[K + 1]`` poses of the gripper in the frame of the anchor.
        close: ``[K]`` what the fingers were told.
    """

    anchor: int
    moved: int
    path: GripperPose
    close: BoolArray

    def carried_over(self, position: FloatArray, yaw: float) -> tuple[GripperPose, BoolArray]:
        """The path from the live hand to where the part ends at the live anchor, at no more than the expert's speed.

        The difference between the two beginnings vanishes in proportion to the way across the table that was left when
        it was shown, so that the hand rises and comes down as upright. A cube looks the same after a quarter turn: the
        hand turns the shorter way.

        Args:
            position: ``[3]`` of the anchor, metres, gripper frame.
            yaw: of the anchor, radians.

        Returns:
            L + 1 poses in the gripper frame, the first of which is the hand's, and ``[L]`` what to tell the fingers.
        """
        turned = float(wrap_cube_yaw(yaw + self.path.yaw[-1]) - self.path.yaw[-1])
        places, yaws = position + rotate_z(self.path.position, turned), turned + self.path.yaw
        way = np.hypot(*(self.path.position - self.path.position[-1])[:, :2].T)
        left = np.clip(way / max(way[0], 1e-9), 0.0, 1.0)
        poses = np.column_stack([places, yaws])
        poses -= left[:, None] * poses[0]

        moving = _lengths(poses[:, :3]) / ExpertConfig.max_step  # control steps that it takes at least
        turning = _lengths(poses[:, 3:]) / ExpertConfig.max_yaw_step
        times = np.cumsum(np.maximum(1.0, np.maximum(moving, turning))) - 1.0
        steps = np.arange(np.ceil(times[-1]) + 1)
        poses = np.stack([np.interp(steps, times, column) for column in poses.T], axis=-1)
        return GripperPose(poses[:, :3], poses[:, 3]), self.close[np.searchsorted(times, steps[:-1], side="right") - 1]


def parts(demonstration: Demonstration[Observation, Action]) -> list[Part]:
    """Cut a demonstration: two parts for each block that is put on another, and one for the end.

    A block that is grasped several times counts by the last time. What came of the others is not gone through again.

    Raises:
        DemonstrationError: it cannot be imitated, see ``check_fit``; or no grasp is seen.
    """
    check_fit(demonstration)
    progress, seen = Progress(demonstration), demonstration.observations
    closed = seen.gripper_opening < progress.blocks.held_width
    held = in_fingers(seen, progress.blocks)
    grips: dict[int, tuple[int, int, int]] = {}
    free = 0  # since when the hand has been
    for closes, opens in np.flatnonzero(np.diff(closed, prepend=False, append=False)).reshape(-1, 2).tolist():
        times = held[closes:opens].sum(0)
        if times.any():
            grips[int(times.argmax())] = free, closes, opens
        free = opens
    found = []
    for block, (begins, closes, opens) in sorted(grips.items(), key=lambda grip: grip[1]):
        if progress.below[block] >= 0:
            found.append(_part(demonstration, block, block, begins, closes))
            found.append(_part(demonstration, int(progress.below[block]), block, closes, opens))
            last = block, opens
    if not found:
        raise DemonstrationError(
            "no block that ends on another one is seen between closed fingers in this demonstration, so there is no "
            "path to go along; record it again with all blocks in sight"
        )
    return [*found, _part(demonstration, last[0], last[0], last[1], len(demonstration) - 1)]


class ReplayActor:
    """Acts in one scene as the demonstration shows. Makes use of nothing but observations."""

    def __init__(self, demonstration: Demonstration[Observation, Action]) -> None:
        self._parts = iter(parts(demonstration))
        self._steps_left = 0

    def act(self, observation: Observation) -> Action:
        """The next step of the path. After the last one the hand rests, open."""
        if not self._steps_left:
            part = next(self._parts, None)
            if part is None:
                return Action(np.zeros(3), np.array(False))
            self._start, self._moved = observation, part.moved
            place, yaw = observation.block_positions[part.anchor], float(observation.block_yaws[part.anchor])
            self._path, self._close = part.carried_over(place, yaw)
            self._steps_left = len(self._close)
        step = len(self._close) - self._steps_left
        self._steps_left -= 1
        pose, following = self._path[step], self._path[step + 1]
        aside, turned = self._off(pose, observation)
        motion = rotate_z(following.position - pose.position, -pose.yaw) - GAIN * aside
        turn = following.yaw - pose.yaw - GAIN * turned
        return Action(rotate_z(motion, -turned), self._close[step], turn)

    def _off(self, pose: GripperPose, observation: Observation) -> tuple[FloatArray, float]:
        """How far the hand is from ``pose``: ``[3]`` metres in the frame of that pose, and radians.

        The blocks, most of which lie as they did when the part began, would be seen from there otherwise than they are.
        """
        still = np.arange(observation.num_blocks) != self._moved
        yaws = self._start.block_yaws[still] - pose.yaw
        turned = -float(np.median(wrap_cube_yaw(observation.block_yaws[still] - yaws)))
        places = rotate_z(self._start.block_positions[still] - pose.position, -pose.yaw)
        aside: FloatArray = np.median(places - rotate_z(observation.block_positions[still], turned), axis=0)
        return aside, turned


def _part(demonstration: Demonstration[Observation, Action], anchor: int, moved: int, begin: int, end: int) -> Part:
    """The steps from ``begin`` to before ``end``."""
    seen = demonstration.observations[begin : end + 1]
    yaw = -np.unwrap(seen.block_yaws[:, anchor], period=0.5 * np.pi)
    place = -rotate_z(seen.block_positions[:, anchor], yaw)
    path = GripperPose(place, yaw).map(_smoothed)
    return Part(anchor, moved, path, demonstration.actions.close_gripper[begin:end])


def _smoothed(values: FloatArray) -> FloatArray:
    """``[K, ...]``, each the mean of the ``SMOOTHED`` around it, as if the ends went on for ever."""
    around = SMOOTHED // 2
    padded = np.pad(values, [(around, around), *[(0, 0)] * (values.ndim - 1)], mode="edge")
    mean: FloatArray = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED, axis=0).mean(-1)
    return mean


def _lengths(points: FloatArray) -> FloatArray:
    """How far each of ``[K, D]`` is from the one before: ``[K]``, the first of which is 0."""
    steps: FloatArray = np.sqrt((np.diff(points, axis=0, prepend=points[:1]) ** 2).sum(-1))
    return steps
