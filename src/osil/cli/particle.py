"""``osil particle``."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.choices import Architecture, names
from osil.cli.arguments import Commands, add_command, natural, positive


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "particle",
        "show one-shot imitation with a point robot, in under a minute",
        "  osil particle\n  osil particle --model plain_lstm --seed 3 --output film.mp4\n\n"
        "Prints how often the three shipped policies reach the landmark that one demonstration showed them, and films\n"
        "one of them: what it was shown, and what it then does in other scenes.",
    )
    parser.add_argument(
        "--model",
        choices=names(Architecture),
        default="lstm_attention",
        help="which one to film; default: %(default)s",
    )
    parser.add_argument("--episodes", type=positive, default=500, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="chooses the scenes; default: %(default)s")
    parser.add_argument(
        "--output", type=Path, default=Path("particle.gif"), metavar="FILM", help=".gif or .mp4; default: %(default)s"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from osil.evaluation.show_reaching import show
    from osil.figures.video import check_video

    check_video(options.output)
    print(show(options.model, options.episodes, options.seed, options.output))
    print(f"a demonstration and what the policy makes of it: {options.output}")
