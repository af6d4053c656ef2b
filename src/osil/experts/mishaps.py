"""One mishap in every episode, for tests of recovery: a block slips out of the fingers, or they pick a wrong one.

An actor that lets another one act, but for the few steps in which the mishap happens. The other one just finds itself
in the situation: a block that lies somewhere else, or one in its fingers that it has not picked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from osil.choices import MishapKind
from osil.core import Action, Actor, BoolArray, Observation
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.seeds import Streams
from osil.tasks.block_stacking import StackingTask, stacked_on
from osil.tasks.blocks import Blocks, in_fingers

DROP_STEPS = 8
"""Control steps for which the fingers open: as long as they need."""

LIFT = 0.03
"""A block in the fingers is carried once it is this far above the lowest one, metres."""

CARRYING, TRAVELLING = 12, 25
"""Control steps with a block in the fingers and without that every stage has: the mishap happens in one of them."""


class MishapActor:
    """Acts as ``actor`` does in N worlds with a task each, but for one mishap in each.

    Args:
        actor: acts on observations with leading ``[N]``.
        tasks: N tasks, to tell which block would be a wrong one.
        kind: ``drop`` or ``wrong_block``.
        rng: draws when it happens, and to which block: one for all worlds, or a stream for each.
        expert: what whoever picks a wrong block knows, such as how large the blocks are.
        within: it happens within so many stages; None: within all that the task has.

    Attributes:
        happened: ``[N]`` True where the mishap is over.
    """

    def __init__(
        self,
        actor: Actor[Observation, Action],
        tasks: Sequence[StackingTask],
        kind: MishapKind,
        rng: np.random.Generator | Streams,
        expert: ExpertConfig,
        within: int | None = None,
    ) -> None:
        self._actor, self._tasks, self._rng = actor, tasks, Streams.of(rng, len(tasks))
        self._config = expert
        self._mishap = self._drop if kind == "drop" else self._pick_wrong_block
        steps = CARRYING if kind == "drop" else TRAVELLING
        stages = [min(task.num_stages, within or task.num_stages) for task in tasks]
        self._left = [int(self._rng[row].integers(1, steps * max(1, count))) for row, count in enumerate(stages)]
        self._dropping = [DROP_STEPS] * len(tasks)
        self._tempted: list[StackingExpert | None] = [None] * len(tasks)
        self.happened: BoolArray = np.zeros(len(tasks), dtype=np.bool_)

    def act(self, observation: Observation) -> Action:
        """The other actor's action, or the mishap's: leading ``[N]``."""
        actions = self._actor.act(observation)
        wrong = [
            None if self.happened[row] else self._mishap(row, observation[row], actions[row])
            for row in range(len(self._tasks))
        ]
        if not any(wrong):
            return actions
        return Action.stack([actions[row] if one is None else one for row, one in enumerate(wrong)])

    def _drop(self, row: int, seen: Observation, meant: Action) -> Action | None:
        """Open the fingers after so many control steps in which they carry a block."""
        if self._left[row]:
            self._left[row] -= bool(_carried(seen, self._config.blocks).any() and meant.close_gripper)
        if self._left[row]:
            return None
        self._dropping[row] -= 1
        self.happened[row] = not self._dropping[row]
        return Action(np.zeros(3), np.array(False))

    def _pick_wrong_block(self, row: int, seen: Observation, meant: Action) -> Action | None:
        """After so many control steps without a block, turn to a wrong one until it is lifted."""
        if self._left[row]:
            self._left[row] -= bool(seen.gripper_opening > self._config.blocks.open_width)
            return None
        tempted = self._tempted[row] = self._tempted[row] or self._temptation(row, seen)
        if tempted is None:
            return None
        self.happened[row] = bool(_carried(seen, self._config.blocks).any())
        return None if self.happened[row] else tempted.act(seen)

    def _temptation(self, row: int, seen: Observation) -> StackingExpert | None:
        """An expert who wants a block that lies free and is not the next one to be moved; None if there is none."""
        on = stacked_on(seen.block_positions, self._config.blocks)
        done = [bool(on[source, target]) for source, target in self._tasks[row].stages]
        following = None if all(done) else self._tasks[row].stages[done.index(False)][0]
        wrong = [block for block in np.flatnonzero(~on.any(0) & ~on.any(1)) if block != following]
        if not wrong or _carried(seen, self._config.blocks).any():
            return None
        block = int(self._rng[row].choice(wrong))
        bare = [other for other in np.flatnonzero(~on.any(0)) if other != block]  # nothing has to be cleared away first
        if not bare:
            return None
        stages = (*_tower(on, int(bare[0])), (block, int(bare[0])))
        return StackingExpert(StackingTask(seen.num_blocks, stages), self._config)


def _tower(on: BoolArray, top: int) -> list[tuple[int, int]]:
    """The stages of the tower that ends with block ``top``, read from ``on`` ``[B, B]``: what stands on what."""
    if not on[top].any():
        return []
    below = int(on[top].argmax())
    return [*_tower(on, below), (top, below)]


def _carried(seen: Observation, blocks: Blocks) -> BoolArray:
    """``[B]`` which block is in the fingers and lifted."""
    height = seen.block_positions[:, 2] - seen.block_positions[:, 2].min()
    carried: BoolArray = in_fingers(seen, blocks) & (height > LIFT)
    return carried
