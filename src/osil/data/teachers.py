"""Who shows a task: the scripted expert, or a human-like teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osil.choices import TeacherKind
from osil.core import Action, Actor, Observation
from osil.experts.human import HumanLikeConfig, HumanLikeExpert
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.seeds import Streams
from osil.tasks.block_stacking import StackingTask

STEPS_AFTER = 12
"""Control steps for which the expert's demonstrations go on after the layout was found stable."""


@dataclass(frozen=True, eq=False)
class Teacher:
    """Someone about to show N tasks, one in each of N worlds.

    Attributes:
        actor: acts on observations with leading ``[N]``.
        steps_after: ``[N]`` control steps for which each demonstration goes on after its layout was found stable.
        patience: the time limits of an episode are multiplied by this.
    """

    actor: Actor[Observation, Action]
    steps_after: np.ndarray
    patience: float


def make_teacher(
    kind: TeacherKind,
    tasks: Sequence[StackingTask],
    rng: np.random.Generator | Streams,
    expert: ExpertConfig,
) -> Teacher:
    """A teacher of the given kind.

    Args:
        kind: who it is.
        tasks: N tasks of the same number of blocks.
        rng: what the person does by chance, one for all or a stream for each task; the expert leaves nothing to it.
        expert: what both know, such as how large the blocks are.
    """
    if kind == "expert":
        return Teacher(StackingExpert(tasks, expert), np.full(len(tasks), STEPS_AFTER), 1.0)
    person = HumanLikeExpert(tasks, rng, expert)
    return Teacher(person, person.steps_after, HumanLikeConfig().patience)
