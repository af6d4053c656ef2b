"""Policies without a network, for comparison: what does a network buy?

``replay`` goes along the gripper's path again (``osil.policies.replay``). ``layout`` reads the layout off the last
observation of the demonstration and lets the scripted expert build it. They see what every policy sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from osil.choices import BaselineKind
from osil.core import Action, Actor, Demonstration, Observation, Prompt
from osil.experts.stacking import ExpertConfig, StackingExpert
from osil.policies.replay import ReplayActor
from osil.policies.shown import Shown
from osil.robots.robot import Gripper
from osil.tasks.block_stacking import StackingTask
from osil.tasks.progress import Progress

_Shown = Demonstration[Observation, Action]


class BaselinePolicy:
    """In each scene acts an actor that is made of what was shown there. Nothing is left to chance.

    Args:
        kind: which one.
        gripper: the hand.

    Attributes:
        info: name of the policy, as that of a model.
    """

    def __init__(self, kind: BaselineKind, gripper: Gripper) -> None:
        self.info = {"name": str(kind)}
        makers: dict[BaselineKind, Callable[[_Shown], Actor[Observation, Action]]] = {
            "replay": ReplayActor,
            "layout": lambda shown: build_layout(shown, gripper),
        }
        self._make = makers[kind]
        self._shown = Shown(Observation, Action, "blocks")

    def reset(self, prompt: Prompt[Observation, Action], seed: int = 0) -> None:
        """Take in what to imitate in one live scene.

        Args:
            prompt: one demonstration, or a sequence of one.
            seed: unused; every policy has it.

        Raises:
            DemonstrationError: no demonstration of block stacking, several, or one that cannot be imitated.
        """
        self._reset(self._shown.again([prompt], single=True))

    def reset_batch(self, prompts: Sequence[Prompt[Observation, Action]], seeds: Sequence[int]) -> None:
        """Take in what to imitate in each of N scenes side by side. Arguments and errors as for ``reset``."""
        self._reset(self._shown.again(prompts, single=False))

    def _reset(self, shown: Shown[Observation, Action]) -> None:
        self._actors = [self._make(one) for one in shown.demonstrations]
        self._shown = shown

    def act(self, observation: Observation) -> Action:
        """The action for the present observation: leading dimensions none after ``reset``, ``[N]`` after
        ``reset_batch``.

        Raises:
            ObservationError: other blocks or scenes than were shown, or ``reset`` was not called.
        """
        seen = self._shown.batch(observation)
        actions = Action.stack([actor.act(seen[row]) for row, actor in enumerate(self._actors)])
        return actions[0] if self._shown.single else actions


def build_layout(demonstration: _Shown, gripper: Gripper) -> StackingExpert:
    """The scripted expert at the layout in which a demonstration ends, lower blocks first.

    Raises:
        DemonstrationError: the layout cannot be read, see ``Progress``.
    """
    progress = Progress(demonstration)
    heights = demonstration.observations.block_positions[-1, :, 2]
    stages = [(block, int(below)) for block, below in enumerate(progress.below) if below >= 0]
    stages.sort(key=lambda stage: heights[stage[0]])
    return StackingExpert(StackingTask(len(heights), tuple(stages)), ExpertConfig(gripper, blocks=progress.blocks))
