"""``osil reproduce``."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.choices import MODEL, ReachingRecipe, names
from osil.cli.arguments import Commands, add_command, add_jobs, check_special, natural, positive, special

OF_STACKING = ("stacking", "learning", "attention", "understanding", "comparison", "changes", "scaling", "baselines")
"""Experiments with block stacking."""

OWN_FOLDER = ("attention", "understanding", "comparison", "changes", "scaling")
"""Experiments that have a folder in the one of block stacking."""

FOLDERS = {"particle": "particle", "index": "."}
"""Where the others lie in ``results``."""

ALL = ("particle", "attention", "understanding", "baselines", "stacking", "comparison", "changes", "scaling", "index")
"""What ``all`` stands for, in this order: everything but the curve of a training run that somebody has made."""


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "reproduce",
        "train and judge everything behind the published tables and figures",
        "  osil reproduce particle\n  osil reproduce particle --recipe better\n"
        "  osil reproduce particle --recipe paper_longer\n"
        "  osil reproduce stacking --model runs/stacking\n"
        "  osil reproduce learning --run runs/stacking\n"
        "  osil reproduce attention\n  osil reproduce understanding\n"
        "  osil reproduce comparison\n  osil reproduce changes --only all without_mixture\n"
        "  osil reproduce scaling\n  osil reproduce baselines --episodes 1\n  osil reproduce index\n"
        "  osil reproduce all --episodes 1\n\n"
        "Runs that are done are kept, and an interrupted one goes on, so the same command resumes.",
    )
    every = ("particle", *OF_STACKING, "index", "all")
    parser.add_argument("experiment", choices=every, help="which; index: of all results; all: but learning")
    where = "default: results/particle or results/stacking, for index and all results"
    parser.add_argument("--output", type=Path, metavar="DIR", help=where)
    add_jobs(parser)
    seeded = special((*OF_STACKING, "all"))
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="of all but particle", **seeded)
    particle, of_particle = parser.add_argument_group("particle"), special(("particle",))
    recipe = "of config/training; default: %(default)s"
    particle.add_argument("--recipe", choices=names(ReachingRecipe), default="paper", help=recipe, **of_particle)
    runs = Path("runs/particle")
    particle.add_argument("--runs", type=Path, default=runs, metavar="DIR", help="checkpoints, models", **of_particle)
    learning, run = parser.add_argument_group("learning"), Path("runs/stacking")
    learning.add_argument(
        "--run", dest="training", type=Path, default=run, metavar="DIR", help="of osil train", **special(("learning",))
    )
    stacking, of_stacking = parser.add_argument_group("stacking"), special(("stacking", "baselines", "changes"))
    counted = special(("stacking", "baselines", "comparison", "changes", "scaling", "all"))
    of_model = ("stacking", "baselines", "attention", "understanding", "scaling", "all")
    model = f"{MODEL}; also for attention, understanding and scaling; default: %(default)s"
    stacking.add_argument("--model", default="stacking", help=model, **special(of_model))
    only = "of evaluations, or of policies for changes; default: all"
    stacking.add_argument("--only", nargs="+", default=(), metavar="NAME", help=only, **of_stacking)
    at_most = "of each task at most, for a first look; also for comparison, changes and scaling; default: all"
    stacking.add_argument("--episodes", type=positive, metavar="N", help=at_most, **counted)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from osil.files import check_output_folder

    check_special(options, options.experiment)
    whole = options.experiment == "all"
    for experiment in ALL if whole else (options.experiment,):
        folder = FOLDERS.get(experiment, "stacking")
        given: Path = options.output or Path("results")
        output = given / folder if whole or not options.output else given
        if experiment in OWN_FOLDER:
            output = output / experiment
        check_output_folder(output)
        _REPRODUCE[experiment](options, output)


def _particle(options: argparse.Namespace, output: Path) -> None:
    from osil.files import check_output_folder
    from osil.reproduce.reaching import reproduce

    check_output_folder(options.runs)
    reproduce(options.recipe, output, options.runs, options.jobs)


def _stacking(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.stacking import reproduce

    reproduce(options.model, output, options.seed, options.jobs, options.only, options.episodes)


def _learning(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.learning import reproduce

    reproduce(options.training, output, options.seed, options.jobs)


def _attention(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.attention import TASK, reproduce

    finished = reproduce(options.model, output, options.seed)
    print(f"task {TASK}: {'finished' if finished else 'not finished'}; figures are in {output}")


def _understanding(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.understanding import reproduce

    reproduce(options.model, output, options.seed, options.jobs)


def _baselines(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.baselines import reproduce

    reproduce(options.model, output, options.seed, options.jobs, options.only, options.episodes)


def _comparison(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.comparison import reproduce

    reproduce(output, _trained(), options.seed, options.jobs, options.episodes)


def _changes(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.changes import reproduce

    reproduce(output, _trained(), options.seed, options.jobs, options.only, options.episodes)


def _scaling(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.scaling import reproduce

    reproduce(options.model, output, _trained(), options.seed, options.jobs, options.episodes)


def _trained() -> Path:
    """Where the policies lie that are trained to be compared."""
    from osil.files import check_output_folder

    runs = Path("runs/comparison")
    check_output_folder(runs)
    return runs


def _index(options: argparse.Namespace, output: Path) -> None:
    from osil.reproduce.index import write_index

    write_index(output)


_REPRODUCE = {
    "particle": _particle,
    "stacking": _stacking,
    "learning": _learning,
    "attention": _attention,
    "understanding": _understanding,
    "comparison": _comparison,
    "changes": _changes,
    "scaling": _scaling,
    "baselines": _baselines,
    "index": _index,
}
