"""The paper as it was, and what each of our changes buys: ``osil reproduce changes``.

One policy with all changes and one with none, and between them some that lack one change each; all have the same budget
of training and are judged in the same episodes. What is done already is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from osil.demonstrations.conditioning import Conditioning
from osil.errors import ConfigError
from osil.figures.changes import draw_changes
from osil.files import read_json_lines
from osil.policies.stacking import PolicyConfig, StackingPolicy, save_policy
from osil.reproduce.comparison import EXPERIMENTS
from osil.reproduce.comparison import variant as compared
from osil.reproduce.experiments import Experiment, chosen
from osil.reproduce.stacking import run_experiment
from osil.reproduce.stacking_tables import rate
from osil.resources import resource_path
from osil.settings import from_yaml
from osil.training.optimization import OptimizationConfig
from osil.training.run_folder import CURVE
from osil.training.stacking import StackingTraining, finish

Settings = StackingTraining


def _network(**changes: Any) -> Callable[[Settings], Settings]:
    def change(base: Settings) -> Settings:
        return replace(base, policy=replace(base.policy, network=replace(base.policy.network, **changes)))

    return change


def _sampling(**changes: Any) -> Callable[[Settings], Settings]:
    def change(base: Settings) -> Settings:
        return replace(base, sampling=replace(base.sampling, **changes))

    return change


def _acting(**changes: Any) -> Callable[[PolicyConfig], PolicyConfig]:
    def change(base: PolicyConfig) -> PolicyConfig:
        return replace(base, **changes)

    return change


WITHOUT: dict[str, tuple[str, Callable[[Settings], Settings]]] = {
    "taught_attention": (
        "attention is not taught what to look at: what to attend to is found out through actions alone",
        lambda base: replace(base, taught_attention=False),
    ),
    "dot_product": ("additive attention scores, as in the paper", _network(score="additive")),
    "mixture": (
        "one Gaussian instead of a mixture of four: two good answers become one between them",
        _network(components=1),
    ),
    "adamw": (
        "Adamax with a constant rate of 0.001, as in the paper",
        lambda base: replace(base, optimization=OptimizationConfig("adamax", 1e-3, "constant", warmup=0)),
    ),
    "along_path": (
        "temporal dropout along time with probability 0.95, as in the paper, instead of along the path",
        lambda base: replace(base, policy=replace(base.policy, conditioning=Conditioning(dropout=0.95, along="time"))),
    ),
    "easy_start": ("no easy batches at the start", _sampling(first_batches=0)),
    "midway": ("every labelled episode begins at its beginning", _sampling(midway=0.0, dagger_midway=0.0)),
    "dagger": ("behavioral cloning alone", lambda base: compared(base, "bc")),
}
"""What is taken away from a policy before it is trained: what that means, and how."""

WITHOUT_ACTING: dict[str, tuple[str, Callable[[PolicyConfig], PolicyConfig]]] = {
    "window": ("always the same ten of the draws, instead of a window of them that moves on", _acting(draws=10)),
    "ensemble": ("one draw alone", _acting(ensemble=1, draws=1)),
}
"""The same of the policy with all changes, trained as it is: how it acts."""


def as_in_the_paper(base: Settings) -> Settings:
    """Nothing of ours, as far as the settings go: positions alone and parallel cubes, besides all of ``WITHOUT``."""
    for _, change in WITHOUT.values():
        base = change(base)
    policy = replace(base.policy, ensemble=10, draws=10, anticipate=False)
    return _network(yaw=False)(_sampling(arrangement="parallel")(replace(base, policy=policy)))


ANY_YAW, *_ = EXPERIMENTS
PARALLEL = Experiment(
    "parallel",
    "the same, all cubes parallel",
    ANY_YAW.tasks,
    ANY_YAW.episodes,
    replace(ANY_YAW.config, arrangement="parallel"),
)


@dataclass(frozen=True)
class Variant:
    """A policy that is compared.

    Attributes:
        sentence: what it is.
        trained: folder of its training run.
        settings: of that run.
        experiment: in which it is judged.
        acts: how it acts, other than it was trained to.
    """

    sentence: str
    trained: str
    settings: Settings
    experiment: Experiment
    acts: Callable[[PolicyConfig], PolicyConfig] = lambda policy: policy


def variants(base: Settings) -> dict[str, Variant]:
    """By name. The runs of the policy with all changes and of that without DAGGER are those of the comparison."""
    shared = {"dagger": "bc"}
    whole = "all of our changes"
    found = {"all": Variant(whole, "dagger", base, ANY_YAW)}
    for name, (sentence, change) in WITHOUT.items():
        trained = shared.get(name, f"without_{name}")
        found[f"without_{name}"] = Variant(sentence, trained, change(base), ANY_YAW)
    for name, (sentence, acts) in WITHOUT_ACTING.items():
        found[f"without_{name}"] = Variant(sentence, "dagger", base, ANY_YAW, acts)
    found["all_parallel"] = Variant(whole, "dagger", base, PARALLEL)
    paper = as_in_the_paper(base)
    found["paper"] = Variant("none of our changes, positions alone", "paper", paper, PARALLEL)
    return found


def reproduce(
    output: Path, runs: Path, seed: int, jobs: int, names: Sequence[str] = (), at_most: int | None = None
) -> None:
    """Train what is missing, judge it, and write a table and a figure, again after every policy.

    Args:
        output: folder of records, table and figure.
        runs: folder of the training runs.
        seed: chooses the episodes.
        jobs: processes that judge.
        names: of ``variants``; none: all.
        at_most: episodes of each task, for a first look; None: as many as each experiment asks for.

    Raises:
        ConfigError: an unknown name.
    """
    known = variants(from_yaml(Settings, resource_path("config", "training", "stacking_comparison.yaml")))
    if not set(names) <= set(known):
        raise ConfigError(f"policies {', '.join(names)}: expected some of {', '.join(known)}")
    judged: dict[str, tuple[Variant, dict[str, Any], float]] = {}
    for name in [name for name in known if not names or name in names]:
        variant, folder = known[name], runs / known[name].trained
        finish(variant.settings, folder)
        trained = StackingPolicy.load(folder)
        model = runs / "acting" / name
        save_policy(model, trained.network, variant.acts(trained.config))
        (experiment,) = chosen([variant.experiment], (), at_most)
        report = run_experiment(experiment, model, output / name, seed, jobs)
        judged[name] = variant, report, read_json_lines(folder / CURVE)[-1]["minutes"]
        _write(judged, output)


def _write(judged: dict[str, tuple[Variant, dict[str, Any], float]], output: Path) -> None:
    text = [
        "# The paper as it was, and what each change buys",
        "",
        "Made by `osil reproduce changes`. Success of whole episodes with its Wilson 95 % interval.",
        "",
        "| policy | what it is | judged in | episodes | success | minutes of training |",
        "|---|---|---|---|---|---|",
    ]
    for name, (variant, report, minutes) in judged.items():
        words = name.replace("_", " "), variant.sentence, variant.experiment.title
        text.append(f"| {' | '.join(words)} | {report['all']['episodes']} | {rate(report['all'])} | {minutes:.1f} |")
    (output / "changes.md").write_text("\n".join([*text, ""]), encoding="utf-8")
    groups = {name.replace("_", " "): report["all"] for name, (_, report, _) in judged.items()}
    draw_changes({name: (group["rate"], *group["wilson_95"]) for name, group in groups.items()}, output / "changes.png")
