"""``osil demonstration``: look at a file, or recover what a damaged or unfinished one holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from osil.choices import MODEL
from osil.cli.arguments import Commands, add_command, add_robot, helps, speed

FILM_STRIDE = 2
"""A film shows every second control step: 10 pictures a second."""


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "demonstration",
        "look at a demonstration file, or recover one",
        "  osil demonstration info demo_output/demonstration.mcap\n"
        "  osil demonstration replay demo_output/demonstration.mcap --output shown.mp4",
    )
    helps(parser)
    actions = parser.add_subparsers(title="commands", metavar="COMMAND")

    info = add_command(
        actions,
        "info",
        "print what a demonstration file holds, and what a policy makes of it",
        "  osil demonstration info shown.mcap\n  osil demonstration info shown.mcap --model stacking",
    )
    info.add_argument("file", type=Path, metavar="FILE")
    understood = "say which stages this policy sees in it, when, and how sure it is"
    info.add_argument("--model", metavar="MODEL", help=f"{MODEL}: {understood}")
    info.set_defaults(run=_info)

    replay = add_command(
        actions,
        "replay",
        "show a demonstration in PyBullet's window, or film it",
        "  osil demonstration replay shown.mcap\n  osil demonstration replay shown.mcap --output shown.gif",
    )
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("--output", type=Path, metavar="FILM", help="an .mp4 or .gif file instead of the window")
    add_robot(replay)
    replay.add_argument("--speed", type=speed, default=1.0, metavar="X", help="times real time; default: %(default)s")
    replay.set_defaults(run=_replay)

    recover = add_command(
        actions,
        "recover",
        "make whole demonstrations of unfinished recordings, or of a damaged file",
        "  osil demonstration recover demonstrations\n  osil demonstration recover shown.mcap",
    )
    recover.add_argument(
        "path", metavar="FILE|FOLDER", help="a damaged file, or a folder with unfinished recordings (.NAME.partial)"
    )
    recover.set_defaults(run=_recover)


def _info(options: argparse.Namespace) -> None:
    from osil.demonstrations.storage import load

    stored = load(options.file)
    print(stored.description())
    if options.model is None:
        return
    from osil.core import CONTROL_PERIOD
    from osil.policies.stacking import StackingPolicy

    policy = StackingPolicy.load(options.model)
    policy.reset(stored.demonstration)
    print(f"{options.model} understands:")
    for stage in policy.understood:
        moved, below = stored.block_names[stage.source], stored.block_names[stage.target]
        begin, end = stage.begin * CONTROL_PERIOD, stage.end * CONTROL_PERIOD
        print(f"  {moved} onto {below}, from {begin:.1f} to {end:.1f} s, {100.0 * stage.confidence:.0f} % sure")


def _replay(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from osil.core import CONTROL_PERIOD
    from osil.demonstrations.storage import load
    from osil.figures.render import SceneRenderer
    from osil.figures.replay import play, snapshots
    from osil.figures.video import check_video, write_video
    from osil.robots.robot import load_robot
    from osil.tasks.block_size import likely_blocks

    robot, demonstration = load_robot(options.robot), load(options.file).demonstration
    steps, blocks = snapshots(demonstration, robot), likely_blocks(demonstration.observations)
    if options.output is None:
        play(steps, robot, options.speed, blocks)
        return
    check_video(options.output)
    renderer = SceneRenderer(robot, len(steps[0].block_positions), blocks=blocks)
    shown = steps[::FILM_STRIDE]
    pictures = (renderer.render(step) for step in tqdm(shown, unit="picture"))
    write_video(options.output, pictures, options.speed / (CONTROL_PERIOD * FILM_STRIDE))
    renderer.close()


def _recover(options: argparse.Namespace) -> None:
    from osil.demonstrations.library import Library, absolute
    from osil.demonstrations.names import to_text
    from osil.demonstrations.partial import recover
    from osil.errors import DemonstrationError

    path = absolute(options.path)
    files = Library(path).unfinished() if path.is_dir() else [path]
    refused = []
    for file in files:
        try:
            new = recover(file)
        except DemonstrationError as error:
            refused.append(str(error))
        else:
            print(f"{to_text(file)}: {f'recovered as {to_text(new)}' if new else 'had hardly begun, and is removed'}")
    if not files:
        print(f"{to_text(path)}: no recording was left unfinished")
    if refused:
        raise DemonstrationError("; ".join(refused))
