"""The evaluations behind the published block-stacking results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations

from osil.choices import MishapKind
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.tasks.block_stacking import StackingTask
from osil.tasks.splits import load_tasks
from osil.worlds.conditions import Conditions
from osil.worlds.tracker import TrackerConfig


@dataclass(frozen=True)
class Experiment:
    """One evaluation.

    Attributes:
        name: of its files.
        title: for tables.
        tasks: what to judge on; called when the experiment runs.
        episodes: for each task.
        config: world, teacher, push and conditions.
        expert: judge the scripted expert in place of the policy.
    """

    name: str
    title: str
    tasks: Callable[[], tuple[StackingTask, ...]]
    episodes: int = 25
    config: EvaluationConfig = field(default_factory=EvaluationConfig)
    expert: bool = False


def _test() -> tuple[StackingTask, ...]:
    return load_tasks("test")


def _train() -> tuple[StackingTask, ...]:
    """The first nine training tasks of each stage count (there are eight of two), to know each as well."""
    by_stages: dict[int, list[StackingTask]] = {}
    for task in load_tasks("train"):
        by_stages.setdefault(task.num_stages, []).append(task)
    return tuple(task for stages in sorted(by_stages) for task in by_stages[stages][:9])


def _permutations() -> tuple[StackingTask, ...]:
    return tuple(StackingTask.parse("".join(letters)) for letters in permutations("abcd"))


def _more_blocks() -> tuple[StackingTask, ...]:
    return tuple(StackingTask.parse(text) for text in MORE_BLOCKS)


MORE_BLOCKS = (
    "abcdefgh ijk", "abcde fghi jk", "abcdef gh ij +k", "ab cd ef gh ij +k",
    "abcdefgh ijkl", "abcd efgh ijkl", "abcdef ghi +j +k +l", "ab cd ef gh ij kl",
    "abcdefgh ijklmno", "abcde fghij klmno", "abcd efg hij +k +l +m +n +o",
)  # fmt: skip
"""Tasks of 11, 12 and 15 blocks; in training there are at most 10."""

ROBUSTNESS = {
    "friction_less": ("friction x 0.9", Conditions(friction=0.9)),
    "friction_more": ("friction x 1.1", Conditions(friction=1.1)),
    "mass_less": ("mass x 0.9", Conditions(mass=0.9)),
    "mass_more": ("mass x 1.1", Conditions(mass=1.1)),
    "size_less": ("edge length x 0.9", Conditions(size=0.9)),
    "size_more": ("edge length x 1.1", Conditions(size=1.1)),
    "latency": ("one step of latency", Conditions(latency=1)),
    "noise": ("observation noise of 2 mm", Conditions(tracker=TrackerConfig(noise=0.002))),
}
"""Changed conditions by name: title and conditions."""

RECOVERY: dict[MishapKind, str] = {
    "drop": "a block drops in every episode",
    "wrong_block": "a wrong block in the fingers in every episode",
}
"""Mishaps by kind, which is the name of their experiment: title."""

EXPERIMENTS = (
    Experiment("test", "test tasks", _test),
    Experiment("human", "test tasks, human-like demonstrations", _test, config=EvaluationConfig(teacher="human")),
    Experiment("push", "test tasks, a push in every episode", _test, config=EvaluationConfig(push=0.10)),
    Experiment("expert_test", "scripted expert, test tasks", _test, expert=True),
    Experiment("train", "training tasks, new scenes", _train),
    Experiment("expert_train", "scripted expert, training tasks", _train, expert=True),
    Experiment("permutations", "namings of abcd", _permutations),
    Experiment("more_blocks", "tasks of 11, 12 and 15 blocks", _more_blocks),
    *(
        Experiment(kind, f"test tasks, {title}", _test, episodes=5, config=EvaluationConfig(mishap=kind))
        for kind, title in RECOVERY.items()
    ),
    *(
        Experiment(name, f"test tasks, {title}", _test, episodes=5, config=EvaluationConfig(conditions=conditions))
        for name, (title, conditions) in ROBUSTNESS.items()
    ),
)
"""In the order in which they run. The nine test tasks of eight stages have 225 episodes together."""
