"""How far a task has come that was shown: told from the demonstration and what is seen, as on a real robot."""

from __future__ import annotations

from osil.core import Action, Demonstration, Observation
from osil.errors import DemonstrationError, ObservationError
from osil.tasks.block_size import shown_blocks
from osil.tasks.block_stacking import STABLE_STEPS, layout_below


class Progress:
    """Progress towards the layout in which a demonstration ends.

    Attributes:
        blocks: how large they are, as the demonstration tells.
        below: ``[B]`` index of the block on which each block stands at the demonstration's end, or -1.
        stages_total: blocks that stand on another then.
        stages_done: of these, how many stood so when the fingers were last open.
        reached: True once exactly that layout has stood for half a second, let go.
    """

    def __init__(self, demonstration: Demonstration[Observation, Action]) -> None:
        """Read the layout off the last observation.

        Raises:
            DemonstrationError: something else than a demonstration of block stacking, or one that does not end with a
                layout that was let go, or in which no block is held.
        """
        seen, done = getattr(demonstration, "observations", demonstration), getattr(demonstration, "actions", None)
        if not isinstance(seen, Observation) or not isinstance(done, Action):
            raise DemonstrationError(
                "expected a Demonstration of Observation and Action, in this order, got "
                f"{type(demonstration).__name__} of {type(seen).__name__} and {type(done).__name__}"
            )
        self.blocks = shown_blocks(demonstration.observations)
        last = demonstration.observations[-1]
        if last.gripper_opening < self.blocks.free_width:
            raise DemonstrationError(
                "the demonstration ends with closed fingers: it was cut short; record it to its end"
            )
        self.below = layout_below(last.block_positions, self.blocks)
        self.stages_total = int((self.below >= 0).sum())
        if not self.stages_total:
            raise DemonstrationError(
                "no block stands on another at the end of the demonstration; record it until it does"
            )
        self.stages_done = 0
        self.reached = False
        self._stable = 0

    def update(self, observation: Observation) -> None:
        """Take in what is seen after one more control step.

        Raises:
            ObservationError: other blocks than those shown, or leading dimensions.
        """
        if observation.leading_shape or observation.num_blocks != len(self.below):
            raise ObservationError(
                f"expected one observation of the {len(self.below)} blocks shown, got {observation.num_blocks} blocks "
                f"and leading dimensions {list(observation.leading_shape)}"
            )
        if observation.gripper_opening < self.blocks.free_width:  # a block in the fingers is not set down yet
            self._stable = 0
            return
        below = layout_below(observation.block_positions, self.blocks)
        self.stages_done = int(((below == self.below) & (self.below >= 0)).sum())
        self._stable = self._stable + 1 if (below == self.below).all() else 0
        self.reached = self.reached or self._stable >= STABLE_STEPS
