"""``osil collect``."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.choices import DemonstrationFormat, NoiseKind, names
from osil.cli.arguments import STACKING_WORLDS, Commands, add_command, add_common
from osil.errors import ConfigError


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "collect",
        "let the scripted expert, or a human-like teacher, show tasks, and keep what they show",
        "  osil collect data/shown --world pybullet --tasks train --max-blocks 5 --episodes 3\n"
        "  osil collect data/slow --teacher human\n"
        "  osil collect data/train --format hdf5 --world kinematic --tasks train --episodes 1000\n\n"
        "mcap: one file a demonstration, as a person records them. hdf5: trajectories for training with noise and the\n"
        "expert's labels, hundreds in a file. What is already there is kept, so the same command resumes;\n"
        "a folder takes one format, world, teacher, noise and seed.\n"
        "(osil train makes its own fresh trajectories and needs no files.)",
    )
    parser.add_argument("output", type=Path, metavar="DIR", help="in it a folder for each task")
    add_common(parser, STACKING_WORLDS, episodes=1, seed_of="chooses the scenes")
    formats = names(DemonstrationFormat)
    parser.add_argument("--format", choices=formats, default="mcap", help="default: %(default)s")
    noise = "of hdf5: as in the paper, or mixed: with bursts and delays; default: mixed for the expert, none for people"
    parser.add_argument("--noise", choices=names(NoiseKind), help=noise)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from osil.data.demonstrate import write_demonstrations
    from osil.data.labelled_trajectories import USUAL_NOISE, CollectionConfig, collect_dataset
    from osil.files import check_output_folder
    from osil.tasks.splits import load_tasks

    if options.noise and options.format != "hdf5":
        raise ConfigError("--noise: demonstrations in MCAP files have none; add --format hdf5")
    tasks = load_tasks(options.tasks, options.max_blocks)
    check_output_folder(options.output)
    total, new = len(tasks) * options.episodes, 0
    with tqdm(total=total, unit="demonstration", smoothing=0.05) as progress:
        if options.format == "hdf5":
            noise = options.noise or USUAL_NOISE[options.teacher]
            config = CollectionConfig(options.world, options.robot, options.teacher, noise, options.seed)
            done = collect_dataset(config, tasks, options.episodes, options.output, options.jobs)
        else:
            done = write_demonstrations(
                options.world,
                options.robot,
                tasks,
                options.episodes,
                options.seed,
                options.output,
                options.teacher,
                options.jobs,
            )
        for count, is_new in done:
            new += count * is_new
            progress.update(count)
    print(f"{new} demonstrations written, {total - new} were there already: {options.output}")
