"""Runs the episodes of an evaluation: a fresh demonstration by the scripted expert, then the policy in a new scene."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from osil.core import Action, Actor, Demonstration, Observation, Policy, Scene, World
from osil.demonstrations.scripted import MAX_ATTEMPTS, demonstrate
from osil.demonstrations.storage import save
from osil.errors import OsilError
from osil.experts.stacking import StackingExpert
from osil.rollout import Recorder, rollout
from osil.seeds import generator
from osil.tasks.block_stacking import StackingTask
from osil.worlds.judge import Judge, Outcome
from osil.worlds.opening import WorldKind, open_world
from osil.worlds.table import Table

StackingPolicy = Policy[Observation, Action]

_WORLD, _SCENE, _POLICY, _DEMONSTRATION = range(4)
"""First part of the random key within an episode, so that its four uses of randomness are independent."""


@dataclass(frozen=True)
class Case:
    """One episode to run. It depends on the task, the seed and the number alone, so it can be run again by itself.

    Attributes:
        task: what is demonstrated and judged. The policy is never told.
        number: counts the episodes of this task from 0.
        seed: of the whole evaluation.
    """

    task: StackingTask
    number: int
    seed: int

    def generator(self, *key: int) -> np.random.Generator:
        """A random stream of this episode's own."""
        return generator("test", self.seed, zlib.crc32(str(self.task).encode()), self.number, *key)


@dataclass(frozen=True)
class Episode:
    """How a case went.

    Attributes:
        steps: control steps until the layout stood, or until the episode was decided otherwise.
        stages_done: stages that stood at the end.
        in_order: the stages were done in the order demonstrated.
        redrawn: demonstrations of the expert that failed and were drawn again.
    """

    case: Case
    outcome: Outcome
    steps: int
    stages_done: int
    in_order: bool
    redrawn: int


def run_batch(
    kind: WorldKind, policy: StackingPolicy | None, cases: Sequence[Case], failures: Path | None = None
) -> list[Episode]:
    """Run cases side by side in one world.

    Args:
        kind: of world.
        policy: what is judged; None for the scripted expert, which knows the task and needs no demonstration.
        cases: at most ``BATCH_SIZE[kind]``, all with the same number of blocks.
        failures: folder for files of what was shown and what was done in failed episodes, which
            ``osil demonstration replay`` can show; None to keep nothing.

    Raises:
        OsilError: the expert cannot demonstrate a task.
    """
    tasks = [case.task for case in cases]
    with open_world(kind, tasks[0].num_blocks, cases[0].generator(_WORLD)) as world:
        actor: Actor[Observation, Action]
        shown: list[Demonstration[Observation, Action]] = []
        if policy is None:
            actor, redrawn = StackingExpert(tasks), [0] * len(cases)
        else:
            shown, redrawn = _demonstrations(world, cases)
            policy.reset(shown, seed=int(cases[0].generator(_POLICY).integers(2**31)))
            actor = policy
        judge, recorder = Judge(tasks), Recorder[Observation, Action]()
        observation = world.reset(_scenes(cases, _SCENE))
        rollout(world, actor, observation, judge.max_steps, [judge, recorder])
    if failures:
        _keep_failures(failures, cases, judge, shown, recorder)
    return [
        Episode(case, outcome, int(judge.steps[n]), int(judge.stages_done[n]), bool(judge.in_order[n]), redrawn[n])
        for n, (case, outcome) in enumerate(zip(cases, judge.outcomes(), strict=True))
    ]


def _keep_failures(
    folder: Path,
    cases: Sequence[Case],
    judge: Judge,
    shown: Sequence[Demonstration[Observation, Action]],
    recorder: Recorder[Observation, Action],
) -> None:
    observations, actions = recorder.trajectory()
    for n in (n for n, success in enumerate(judge.succeeded) if not success):
        length = max(2, int(judge.steps[n]))
        episodes = {"done": Demonstration(observations[:length, n], actions[:length, n])}
        if shown:
            episodes["shown"] = shown[n]
        for kind, episode in episodes.items():
            name = f"{cases[n].task} {cases[n].number} {kind}"
            path = folder / f"{name.replace(' ', '_')}.mcap"
            save(episode, path, name, ascii_lowercase[: cases[n].task.num_blocks])


def _demonstrations(
    world: World[Observation, Action, Scene], cases: Sequence[Case]
) -> tuple[list[Demonstration[Observation, Action]], list[int]]:
    """A successful demonstration for each case, and how many failed ones came before it."""
    found: dict[int, Demonstration[Observation, Action]] = {}
    redrawn = [0] * len(cases)
    for attempt in range(MAX_ATTEMPTS):
        missing = [n for n in range(len(cases)) if n not in found]
        if not missing:
            return [found[n] for n in range(len(cases))], redrawn
        scene = _scenes([cases[n] for n in missing], _DEMONSTRATION, attempt)
        shown, succeeded = demonstrate(world, [cases[n].task for n in missing], scene)
        for n, demonstration, success in zip(missing, shown, succeeded, strict=True):
            if success:
                found[n] = demonstration
            else:
                redrawn[n] += 1
    failed = cases[redrawn.index(max(redrawn))].task
    raise OsilError(f"the expert failed {MAX_ATTEMPTS} times to demonstrate {failed}; is the task possible?")


def _scenes(cases: Sequence[Case], *key: int) -> Scene:
    """A random scene for each case, as one scene with leading ``[N]``."""
    drawn = [Table().random_scene(case.task.num_blocks, case.generator(*key)) for case in cases]
    return Scene(np.stack([one.block_positions for one in drawn]), np.stack([one.block_yaws for one in drawn]))
