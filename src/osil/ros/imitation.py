"""One run of imitation, told step by step what is seen: is the demonstration usable, what is done, is it over?

Everything is judged from observations and the demonstration, as it would have to be on a real robot.
"""

from __future__ import annotations

from collections.abc import Sequence

from osil.core import CONTROL_PERIOD, Observation
from osil.demonstrations.storage import StoredDemonstration
from osil.errors import DemonstrationError
from osil.tasks.block_stacking import BLOCK_SIZE, layout_below

STABLE_STEPS = round(0.5 / CONTROL_PERIOD)
"""The layout must stand for so many control steps, with the fingers open, before it counts as reached."""

FREE_OPENING = BLOCK_SIZE + 0.01
"""Fingers further apart than this (metres) hold no block."""


class Imitation:
    """Progress towards the layout in which a demonstration ends.

    Attributes:
        below: ``[B]`` index of the block on which each block stands at the demonstration's end, or -1.
        stages_total: blocks that stand on another then.
        stages_done: of these, how many stood so when the fingers were last open.
        reached: True once exactly that layout has stood for half a second, let go.
    """

    def __init__(self, stored: StoredDemonstration, scene_names: Sequence[str]) -> None:
        """Take a demonstration for a scene of the blocks ``scene_names``.

        Raises:
            DemonstrationError: it cannot be repeated in this scene.
        """
        names, observations = stored.block_names, stored.demonstration.observations
        if sorted(names) != sorted(scene_names):
            raise DemonstrationError(
                f"demonstration {stored.name!r} is about {len(names)} blocks ({' '.join(names)}), but "
                f"{len(scene_names)} are seen ({' '.join(scene_names)}); set up the blocks that it shows"
            )
        if observations.gripper_opening[-1] < FREE_OPENING:
            raise DemonstrationError(
                f"demonstration {stored.name!r} ends with closed fingers: it was cut short; record it to its end"
            )
        self.below = layout_below(observations.block_positions[-1])
        self.stages_total = int((self.below >= 0).sum())
        if not self.stages_total:
            raise DemonstrationError(
                f"no block stands on another at the end of demonstration {stored.name!r}; record it until it does"
            )
        self.stages_done = 0
        self.reached = False
        self._stable = 0

    def update(self, observation: Observation) -> None:
        """Take in what is seen after one more control step."""
        if observation.gripper_opening < FREE_OPENING:  # a block in the fingers is not set down yet
            self._stable = 0
            return
        below = layout_below(observation.block_positions)
        self.stages_done = int(((below == self.below) & (self.below >= 0)).sum())
        self._stable = self._stable + 1 if (below == self.below).all() else 0
        self.reached = self.reached or self._stable >= STABLE_STEPS
