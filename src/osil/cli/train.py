"""``osil train``."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.cli.arguments import Commands, add_command


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "train",
        "train a policy and save it as a model folder",
        "  osil train config/training/stacking.yaml --output runs/stacking\n"
        "  osil train config/training/stacking.yaml --output runs/stacking --resume\n\n"
        "A folder holds one run, and is not written over. Ctrl-C leaves a checkpoint. A resumed run has the settings\n"
        "it began with (only loop, threads and workers may differ), and draws other batches than one without a stop.",
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.yaml", help="settings of the run")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="checkpoints, curves and the model")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in DIR")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from osil.files import check_output_folder
    from osil.settings import from_yaml
    from osil.training.stacking import StackingTraining, run

    config = from_yaml(StackingTraining, options.config)
    check_output_folder(options.output)
    run(config, options.output, options.resume)
