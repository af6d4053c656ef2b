"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from osil.choices import ROBOT, TASK, TeacherKind, WorldKind, names
from osil.errors import ConfigError

TASKS_HELP = f"train, test (the lists in config/tasks), or a file with one task a line: {TASK}"
STACKING_WORLDS = names(WorldKind)

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # argparse has no public name for it


def add_command(commands: Commands, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def helps(parser: argparse.ArgumentParser) -> None:
    """Without a command of its own after it, the parser's command prints help."""
    parser.set_defaults(run=lambda options: parser.print_help())


class Special(argparse.Action):
    """An option that goes with some worlds or experiments only. That it was given is noted, for ``check_special``."""

    def __init__(self, *, goes_with: Collection[str], **settings: Any) -> None:
        super().__init__(**settings)
        self._goes_with = goes_with

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)
        namespace.special = [*getattr(namespace, "special", ()), (self.option_strings[0], self._goes_with)]


def special(goes_with: Collection[str]) -> dict[str, Any]:
    """Keywords of ``add_argument`` for an option that goes with some worlds or experiments only."""
    return {"action": Special, "goes_with": goes_with}


def check_special(options: argparse.Namespace, chosen: str) -> None:
    """Refuse options that do not go with the world or experiment ``chosen``: they would be passed over.

    Raises:
        ConfigError: there is one.
    """
    for option, goes_with in getattr(options, "special", ()):
        if chosen not in goes_with:
            raise ConfigError(f"{option} means nothing with {chosen}, only with {', '.join(goes_with)}; leave it out")


def add_common(
    parser: argparse.ArgumentParser,
    worlds: Sequence[str],
    episodes: int,
    seed_of: str,
    stacking: Mapping[str, Any] | None = None,
) -> None:
    """Options of commands that run episodes. ``stacking``: more keywords for those of block stacking alone."""
    stacking = stacking or {}
    parser.add_argument("--world", choices=worlds, default="pybullet", help="default: %(default)s")
    parser.add_argument(
        "--tasks", default="test", metavar="LIST", help=f"{TASKS_HELP}; default: %(default)s", **stacking
    )
    add_robot(parser, **stacking)
    who = "who demonstrates; default: %(default)s"
    parser.add_argument("--teacher", choices=names(TeacherKind), default="expert", help=who, **stacking)
    parser.add_argument("--max-blocks", type=int, metavar="B", help="only tasks of at most B blocks", **stacking)
    parser.add_argument("--episodes", type=positive, default=episodes, metavar="N", help="a task; default: %(default)s")
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help=f"{seed_of}; default: %(default)s")
    add_jobs(parser)


def add_robot(parser: argparse.ArgumentParser, **stacking: Any) -> None:
    """The robot that acts. ``stacking``: see ``add_common``."""
    arm = f"{ROBOT}; default: %(default)s"
    parser.add_argument("--robot", default="fetch", metavar="ROBOT", help=arm, **stacking)


def add_jobs(parser: argparse.ArgumentParser) -> None:
    processes = "processes at most, and never more than there are cores; default: one a core"
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, metavar="J", help=processes)


def positive(text: str) -> int:
    return _at_least(1, text)


def natural(text: str) -> int:
    return _at_least(0, text)


def speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= 100.0:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 100, got {text!r}")
    return speed


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text!r}")
    return number
