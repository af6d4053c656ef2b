"""``osil reproduce``."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.choices import MODEL, ReachingRecipe, names
from osil.cli.arguments import Commands, add_command, add_jobs, check_special, natural, positive, special

OF_STACKING = ("stacking", "learning", "attention", "understanding", "comparison", "changes", "scaling", "baselines")
"""Experiments with block stacking."""


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "reproduce",
        "train and judge everything behind the published tables and figures",
        "  osil reproduce particle\n  osil reproduce particle --recipe better\n"
        "  osil reproduce stacking --model runs/stacking\n"
        "  osil reproduce learning --run runs/stacking\n"
        "  osil reproduce attention\n  osil reproduce understanding\n"
        "  osil reproduce comparison\n  osil reproduce changes --only all without_mixture\n"
        "  osil reproduce scaling\n  osil reproduce baselines --episodes 1\n  osil reproduce index\n\n"
        "Runs that are done are kept, and an interrupted one goes on, so the same command resumes.",
    )
    parser.add_argument("experiment", choices=("particle", *OF_STACKING, "index"), help="which; index: of all results")
    where = "default: results/particle or results/stacking, for the index results"
    parser.add_argument("--output", type=Path, metavar="DIR", help=where)
    add_jobs(parser)
    seeded = special(OF_STACKING)
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
    counted = special(("stacking", "baselines", "comparison", "changes", "scaling"))
    of_model = ("stacking", "baselines", "attention", "understanding", "scaling")
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
    folder = {"particle": "particle", "index": "."}.get(options.experiment, "stacking")
    output = options.output or Path("results") / folder
    if options.experiment in ("attention", "understanding", "comparison", "changes", "scaling"):
        output = output / options.experiment
    check_output_folder(output)
    if options.experiment == "comparison":
        from osil.reproduce.comparison import reproduce as reproduce_comparison

        runs = Path("runs/comparison")
        check_output_folder(runs)
        reproduce_comparison(output, runs, options.seed, options.jobs, options.episodes)
    elif options.experiment == "changes":
        from osil.reproduce.changes import reproduce as reproduce_changes

        runs = Path("runs/comparison")
        check_output_folder(runs)
        reproduce_changes(output, runs, options.seed, options.jobs, options.only, options.episodes)
    elif options.experiment == "scaling":
        from osil.reproduce.scaling import reproduce as reproduce_scaling

        runs = Path("runs/comparison")
        check_output_folder(runs)
        reproduce_scaling(options.model, output, runs, options.seed, options.jobs, options.episodes)
    elif options.experiment == "index":
        from osil.reproduce.index import write_index

        write_index(output)
    elif options.experiment == "learning":
        from osil.reproduce.learning import reproduce as reproduce_learning

        reproduce_learning(options.training, output, options.seed, options.jobs)
    elif options.experiment == "attention":
        from osil.reproduce.attention import TASK
        from osil.reproduce.attention import reproduce as reproduce_attention

        finished = reproduce_attention(options.model, output, options.seed)
        print(f"task {TASK}: {'finished' if finished else 'not finished'}; figures are in {output}")
    elif options.experiment == "understanding":
        from osil.reproduce.understanding import reproduce as reproduce_understanding

        reproduce_understanding(options.model, output, options.seed, options.jobs)
    elif options.experiment == "baselines":
        from osil.reproduce.baselines import reproduce as reproduce_baselines

        reproduce_baselines(options.model, output, options.seed, options.jobs, options.only, options.episodes)
    elif options.experiment == "stacking":
        from osil.reproduce.stacking import reproduce as reproduce_stacking

        reproduce_stacking(options.model, output, options.seed, options.jobs, options.only, options.episodes)
    else:
        from osil.reproduce.reaching import reproduce

        check_output_folder(options.runs)
        reproduce(options.recipe, output, options.runs, options.jobs)
