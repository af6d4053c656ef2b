"""``osil demonstration``: look at a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.cli.arguments import Commands, add_command, helps, speed

FILM_STRIDE = 2
"""A film shows every second control step: 10 pictures a second."""


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "demonstration",
        "look at a demonstration file",
        "  osil demonstration info demo_output/demonstration.mcap\n"
        "  osil demonstration replay demo_output/demonstration.mcap --output shown.mp4",
    )
    helps(parser)
    actions = parser.add_subparsers(title="commands", metavar="COMMAND")

    info = add_command(actions, "info", "print what a demonstration file holds", "  osil demonstration info shown.mcap")
    info.add_argument("file", type=Path, metavar="FILE")
    info.set_defaults(run=_info)

    replay = add_command(
        actions,
        "replay",
        "show a demonstration in PyBullet's window, or film it",
        "  osil demonstration replay shown.mcap\n  osil demonstration replay shown.mcap --output shown.gif",
    )
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("--output", type=Path, metavar="FILM", help="an .mp4 or .gif file instead of the window")
    replay.add_argument("--speed", type=speed, default=1.0, metavar="X", help="times real time; default: %(default)s")
    replay.set_defaults(run=_replay)


def _info(options: argparse.Namespace) -> None:
    from osil.demonstrations.storage import load

    print(load(options.file).description())


def _replay(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from osil.core import CONTROL_PERIOD
    from osil.demonstrations.replay import play, snapshots
    from osil.demonstrations.storage import load
    from osil.figures.video import check_video, write_video
    from osil.worlds.render import SceneRenderer

    steps = snapshots(load(options.file).demonstration)
    if options.output is None:
        play(steps, options.speed)
        return
    check_video(options.output)
    renderer = SceneRenderer(len(steps[0].block_positions))
    shown = steps[::FILM_STRIDE]
    pictures = (renderer.render(step) for step in tqdm(shown, unit="picture"))
    write_video(options.output, pictures, options.speed / (CONTROL_PERIOD * FILM_STRIDE))
    renderer.close()
