"""Runs the episodes of an evaluation: a fresh demonstration, then the policy in a new scene."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from osil.core import Action, Actor, BoolArray, Demonstration, Observation, Policy, Scene
from osil.data.demonstrate import MAX_ATTEMPTS, demonstrate
from osil.data.teachers import make_teacher
from osil.demonstrations.storage import save
from osil.errors import OsilError
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.evaluation.seen_end import LAG, SeenEnd
from osil.evaluation.stood_still import StoodStill
from osil.experts.mishaps import MishapActor
from osil.experts.stacking import StackingExpert
from osil.rollout import Recorder, rollout
from osil.seeds import Streams, generator
from osil.tasks.arrangements import put_up
from osil.tasks.block_stacking import StackingTask
from osil.worlds.conditions import Conditions
from osil.worlds.judge import Judge, Outcome
from osil.worlds.make_world import make_world
from osil.worlds.push import PushedWorld
from osil.worlds.stacking_world import StackingWorld

_WORLD, _SCENE, _POLICY, _DEMONSTRATION, _TEACHER, _PUSH, _MISHAP, _BEGUN = range(8)
"""First part of the random key within an episode, so that its uses of randomness are independent."""


@dataclass(frozen=True)
class Case:
    """One episode to run. It depends on the task, the seed and the number alone, so it can be run again by itself.

    All that is left to chance comes from streams of the case's own, so beside others it goes just as it does alone. (A
    network rounds a little differently in batches of other sizes. In what follows that is a difference from the
    seventh digit on.)

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
class EpisodeResult:
    """How a case went.

    Attributes:
        steps: control steps until the layout stood, or until the episode was decided otherwise.
        stages_done: stages that stood at the end.
        in_order: the stages were done in the order demonstrated.
        redrawn: demonstrations that failed and were drawn again.
        disturbed: a block was pushed, or there was a mishap; False if neither was asked for or there was no chance.
        seen_reached: what was seen told that the layout shown was reached (``SeenEnd``); None: nothing was shown, or
            the episode is from a record that does not say.
        stood_still: the hand stood still with work left (``StoodStill``); None: the record does not say.
    """

    case: Case
    outcome: Outcome
    steps: int
    stages_done: int
    in_order: bool
    redrawn: int
    disturbed: bool = False
    seen_reached: bool | None = None
    stood_still: bool | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether what was seen of the end is true; None where that is not known."""
        return None if self.seen_reached is None else self.seen_reached == (self.outcome is Outcome.SUCCESS)


def run_batch(
    config: EvaluationConfig,
    policy: Policy[Observation, Action] | None,
    cases: Sequence[Case],
    failures: Path | None = None,
) -> list[EpisodeResult]:
    """Run cases side by side in one world.

    Args:
        config: world, teacher, disturbances and conditions.
        policy: what is judged; None for the scripted expert, which knows the task and needs no demonstration.
        cases: at most ``BATCH_SIZE[config.world]``, all with the same number of blocks.
        failures: folder for files of what was shown and what was done in failed episodes, which
            ``osil demonstration replay`` can show; None to keep nothing.

    Raises:
        OsilError: the teacher cannot demonstrate a task.
    """
    tasks, worlds = [case.task for case in cases], _streams(cases, _WORLD)
    actor: Actor[Observation, Action]
    shown: list[Demonstration[Observation, Action]] = []
    if policy is None:
        actor, redrawn = StackingExpert(tasks, config.expert), [0] * len(cases)
    else:
        shown, redrawn = _demonstrations(config, cases, worlds)
        policy.reset_batch(shown, [int(case.generator(_POLICY).integers(2**31)) for case in cases])
        actor = policy
    judge = Judge(tasks, config.arm, config.patience, config.conditions.blocks)
    recorder = Recorder[Observation, Action]()
    happened = [np.zeros(len(cases), dtype=np.bool_)]
    if config.mishap != "none":
        actor = MishapActor(actor, tasks, config.mishap, _streams(cases, _MISHAP), config.expert)
        happened.append(actor.happened)
    with _open(config, cases, worlds, config.conditions) as world:
        if config.push:
            world = PushedWorld(world, tasks, _streams(cases, _PUSH), config.push)
            happened.append(world.pushed)
        disturbed, seen, stood_still = _Disturbed(judge, happened), SeenEnd(judge, shown), StoodStill(judge)
        observation = world.reset(_scenes(config, cases, _SCENE))
        rollout(world, actor, observation, judge.max_steps + LAG, [disturbed, seen, stood_still, recorder])
    if failures:
        _keep_failures(failures, cases, judge, shown, recorder)
    outcomes, steps, stages = judge.outcomes(), judge.steps.tolist(), judge.stages_done.tolist()
    told = seen.reached.tolist() if shown else [None] * len(cases)
    noted = judge.in_order.tolist(), redrawn, disturbed.rows.tolist(), told, stood_still.rows.tolist()
    rows = zip(cases, outcomes, steps, stages, *noted, strict=True)
    return [EpisodeResult(*row) for row in rows]


class _Disturbed:
    """Observer that notes where something happened before the judge, who looks after it, decided the episode."""

    done = False

    def __init__(self, judge: Judge, happened: Sequence[BoolArray]) -> None:
        self._judge, self._happened = judge, happened
        self.rows: BoolArray = np.zeros(len(happened[0]), dtype=np.bool_)

    def on_step(self, observation: Observation, action: Action, scene: Scene) -> None:
        self.rows = self.rows | (self._judge.running & np.any(self._happened, axis=0))


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
    config: EvaluationConfig, cases: Sequence[Case], worlds: Streams
) -> tuple[list[Demonstration[Observation, Action]], list[int]]:
    """A successful demonstration for each case, and how many failed ones came before it."""
    found: dict[int, Demonstration[Observation, Action]] = {}
    redrawn = [0] * len(cases)
    for attempt in range(MAX_ATTEMPTS):
        missing = [n for n in range(len(cases)) if n not in found]
        if not missing:
            return [found[n] for n in range(len(cases))], redrawn
        asked = [cases[n] for n in missing]
        tasks, scene = [case.task for case in asked], _scenes(config, asked, _DEMONSTRATION, attempt)
        teacher = make_teacher(config.teacher, tasks, _streams(asked, _TEACHER, attempt), config.expert)
        with _open(config, asked, worlds.take(missing), config.shown_conditions) as world:
            shown, succeeded = demonstrate(world, tasks, scene, teacher)
        for n, demonstration, success in zip(missing, shown, succeeded, strict=True):
            if success:
                found[n] = demonstration
            else:
                redrawn[n] += 1
    failed = cases[redrawn.index(max(redrawn))].task
    raise OsilError(f"the teacher failed {MAX_ATTEMPTS} times to demonstrate {failed}; is the task possible?")


def _open(
    config: EvaluationConfig, cases: Sequence[Case], streams: Streams, conditions: Conditions
) -> AbstractContextManager[StackingWorld]:
    """A world for these cases, with a stream for each."""
    return make_world(config.world, config.arm, cases[0].task.num_blocks, streams, conditions)


def _streams(cases: Sequence[Case], *key: int) -> Streams:
    """A stream for each case."""
    return Streams([case.generator(*key) for case in cases])


def _scenes(config: EvaluationConfig, cases: Sequence[Case], *key: int) -> Scene:
    """A random scene for each case, as one scene with leading ``[N]``."""
    table, blocks = config.arm.table, config.conditions.blocks
    found = []
    for case in cases:
        rng = case.generator(*key)
        scene = table.random_scene(case.task.num_blocks, rng, blocks)
        if config.begun:  # as much of it in the demonstration as in the episode
            done = case.generator(_BEGUN).integers(case.task.num_stages)
            put_up(scene, case.task.stages[:done], rng, blocks)
        found.append(scene)
    return Scene.stack(found)
