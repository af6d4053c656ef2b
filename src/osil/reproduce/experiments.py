"""The evaluations behind the published block-stacking results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

from osil.errors import ConfigError
from osil.evaluation.evaluation_config import EvaluationConfig
from osil.robots.gate_config import ON_A_ROBOT
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
        tasks: what to judge on, but for towers that are too high for the arm; called when the experiment runs.
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


def chosen(experiments: Sequence[Experiment], names: Sequence[str], at_most: int | None) -> list[Experiment]:
    """Those of these names, or all if there are none, with at most so many episodes of each task.

    Raises:
        ConfigError: an unknown name.
    """
    known = [one.name for one in experiments]
    if not set(names) <= set(known):
        raise ConfigError(f"experiments {', '.join(names)}: expected some of {', '.join(known)}")
    wanted = [one for one in experiments if not names or one.name in names]
    return [replace(one, episodes=min(one.episodes, at_most or one.episodes)) for one in wanted]


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


def _twenty_blocks() -> tuple[StackingTask, ...]:
    return tuple(StackingTask.parse(text) for text in TWENTY_BLOCKS)


MORE_BLOCKS = (
    "abcdefgh ijk", "abcde fghi jk", "abcdef gh ij +k", "ab cd ef gh ij +k",
    "abcdefgh ijkl", "abcd efgh ijkl", "abcdef ghi +j +k +l", "ab cd ef gh ij kl",
    "abcdefgh ijklmno", "abcde fghij klmno", "abcd efg hij +k +l +m +n +o",
)  # fmt: skip
"""Tasks of 11, 12 and 15 blocks; in training there are at most 10."""

TWENTY_BLOCKS = (
    "abcdefgh ijklmn opqrst", "abcde fghij klmno pqrst", "abcd efgh ijk +l +m +n +o +p +q +r +s +t",
)  # fmt: skip

SCENES = {
    "parallel": ("all cubes parallel", EvaluationConfig(arrangement="parallel")),
    "grid": ("cubes on a grid", EvaluationConfig(arrangement="grid")),
    "all_scenes": (
        "scenes of all kinds, human-like demonstrations",
        EvaluationConfig("pybullet", "human", arrangement="any"),
    ),
}
"""Scenes as people make them, by name: title and circumstances."""

RECOVERY = {
    "push": ("a push in every episode", EvaluationConfig(push=0.10)),
    "drop": ("a block drops in every episode", EvaluationConfig(mishap="drop")),
    "wrong_block": ("a wrong block in the fingers where there is a chance", EvaluationConfig(mishap="wrong_block")),
}
"""What happens to whoever acts, by name: title and circumstances."""

CHANGED = {
    "near": ("cubes 75 mm apart", EvaluationConfig(arrangement="any", spacing=0.075)),
    "begun": ("some stages done at the start, in the demonstration, too", EvaluationConfig(begun=True)),
    **{
        f"size_{edge}": (f"cubes of {edge} mm", EvaluationConfig(conditions=Conditions(size=edge / 40)))
        for edge in (25, 30, 50, 60)
    },
    "friction_less": ("friction x 0.9", EvaluationConfig(conditions=Conditions(friction=0.9))),
    "friction_more": ("friction x 1.1", EvaluationConfig(conditions=Conditions(friction=1.1))),
    "mass_less": ("mass x 0.9", EvaluationConfig(conditions=Conditions(mass=0.9))),
    "mass_more": ("mass x 1.1", EvaluationConfig(conditions=Conditions(mass=1.1))),
    "noise": ("2 mm of tracking noise", EvaluationConfig(conditions=Conditions(tracker=TrackerConfig(0.002)))),
    "tracker": (
        "a tracker of 5 Hz, up to 150 ms late, 2 mm of noise, blocks unseen for up to 1 s",
        EvaluationConfig(conditions=Conditions(tracker=TrackerConfig(0.002, 5.0, 0.15, 1.0))),
    ),
    **{
        f"latency_{acting}_shown_{shown}": (
            f"actions {50 * acting} ms late, {50 * shown} ms in the demonstration",
            EvaluationConfig(conditions=Conditions(latency=acting), shown_latency=shown),
        )
        for acting, shown in ((1, 1), (3, 0), (0, 3))
    },
    "slowed": (
        "behind the safety gate, {max_speed:g} m/s and {acceleration_scaling:g} of a Fetch's accelerations, as on a "
        "robot".format(**ON_A_ROBOT),
        EvaluationConfig(conditions=Conditions(max_speed=ON_A_ROBOT["max_speed"])),
    ),
}
"""Changed conditions, by name: title and circumstances."""


def _circumstances(some: dict[str, tuple[str, EvaluationConfig]], episodes: int) -> list[Experiment]:
    return [Experiment(name, f"test tasks, {title}", _test, episodes, config) for name, (title, config) in some.items()]


EXPERIMENTS = (
    Experiment("test", "test tasks", _test),
    Experiment("human", "test tasks, human-like demonstrations", _test, config=EvaluationConfig(teacher="human")),
    *_circumstances(SCENES, 25),
    *_circumstances(RECOVERY, 5),
    Experiment("expert_test", "scripted expert, test tasks", _test, expert=True),
    Experiment("train", "training tasks, new scenes", _train),
    Experiment("expert_train", "scripted expert, training tasks", _train, expert=True),
    Experiment("permutations", "namings of abcd", _permutations),
    Experiment("more_blocks", "tasks of 11, 12 and 15 blocks", _more_blocks),
    Experiment(
        "twenty_blocks", "tasks of 20 blocks, 75 mm apart", _twenty_blocks, config=EvaluationConfig(spacing=0.075)
    ),
    *_circumstances(CHANGED, 5),
)
"""In the order in which they run. The nine test tasks of eight stages have 225 episodes together."""
