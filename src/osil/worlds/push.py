"""One push in every episode: between two stages a free block is shoved aside while nobody expects it.

The block is set down at its new place between two control steps, so the policy just sees it somewhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from osil.core import Action, Observation, Scene
from osil.seeds import Streams
from osil.tasks.block_stacking import StackingTask, stacked_on, stages_done
from osil.worlds.stacking_world import StackingWorld, WorldWrapper

HAND_ROOM, HAND_HEIGHT = 0.08, 0.09
"""A block is pushed only while the hand is further from it in the plane than the push and this, or this far above."""

SHORTEST = 0.3
"""The shortest push as a share of the longest."""

DIRECTIONS = 40
"""Places that are tried for each block before the push waits for the next control step."""


class PushedWorld(WorldWrapper):
    """``N`` worlds, in each of which one block is pushed once.

    The push comes as soon as a number of stages drawn for the episode stands (at least one, if the task has several),
    the hand is open, and a block lies free that has room to be pushed to.

    Args:
        world: what is pushed in.
        tasks: N tasks, to tell the stages.
        rng: draws when, which block, where to and how far: one for all worlds, or a stream for each.
        distance: longest push, metres.
    """

    def __init__(
        self,
        world: StackingWorld,
        tasks: Sequence[StackingTask],
        rng: np.random.Generator | Streams,
        distance: float,
    ) -> None:
        super().__init__(world)
        self._tasks, self._distance = tasks, distance
        self._rng = Streams.of(rng, len(tasks))
        self._table = world.robot.table
        self._after = [
            int(self._rng[row].integers(min(1, task.num_stages - 1), task.num_stages)) for row, task in enumerate(tasks)
        ]
        self.pushed = np.zeros(len(tasks), dtype=np.bool_)
        """``[N]`` where the push has happened."""

    def reset(self, scene: Scene) -> Observation:
        self.pushed[:] = False
        return super().reset(scene)

    def step(self, action: Action) -> Observation:
        observation = super().step(action)
        due = ~self.pushed & (observation.gripper_opening > self.blocks.open_width)
        if not due.any():
            return observation
        scene = self.scene
        moved = [self._push(int(row), observation[row], scene[row]) for row in np.nonzero(due)[0]]
        return self.observe() if any(moved) else observation

    def _push(self, row: int, observation: Observation, scene: Scene) -> bool:
        """Push a block in world ``row`` if it is time and there is room. ``observation`` and ``scene`` are its own."""
        if stages_done(self._tasks[row], scene, self.blocks) < self._after[row]:
            return False
        rng, positions = self._rng[row], scene.block_positions
        on = stacked_on(positions, self.blocks)
        lying = np.abs(positions[:, 2] - self._table.height - self.blocks.half) < 0.01
        relative = observation.block_positions
        clear = (np.hypot(*relative[:, :2].T) > self._distance + HAND_ROOM) | (relative[:, 2] < -HAND_HEIGHT)
        for block in rng.permutation(np.nonzero(lying & ~on.any(0) & ~on.any(1) & clear)[0]):
            others = np.delete(positions[:, :2], block, axis=0)
            for _ in range(DIRECTIONS):
                angle, share = rng.uniform(-np.pi, np.pi), rng.uniform(SHORTEST, 1.0)
                shift = share * self._distance * np.array([np.cos(angle), np.sin(angle), 0.0])
                place = positions[block] + shift
                room = np.hypot(*(others - place[:2]).T) >= self._table.spacing
                if room.all() and self._table.contains(place):
                    self.move_block(row, int(block), place)
                    self.pushed[row] = True
                    return True
        return False
