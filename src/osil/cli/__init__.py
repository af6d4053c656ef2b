"""The command ``osil``: arguments only. Each command imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import cast

from osil.cli import collect, demonstration, evaluate, export, particle, probe, reproduce, train
from osil.cli.arguments import helps
from osil.errors import OsilError

STOPS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C and ``kill``."""

AGAIN = 0.05
"""A stop that comes while modules are imported is looked at again so many seconds later."""


class _Stopped(SystemExit):
    """One of ``STOPS``. Unlike KeyboardInterrupt it is not lost, or told twice, if it comes while modules are imported.

    Its code is that of a program that the signal ends.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit status: 0, 2 after an error of the user's or of the machine's that is told in one line, 130 if stopped
        by Ctrl-C, 143 by ``kill``.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names may have letters that the locale does not know, and who reads a pipe of a long run waits for each line.
        sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _stoppable():
            options = _parser().parse_args(words)
            options.command_line = shlex.join(["osil", *words])
            options.run(options)
    except (OsilError, OSError) as error:
        print(f"osil: {error}", file=sys.stderr)
        return 2
    except _Stopped as stopped:
        print("osil: stopped", file=sys.stderr)
        return cast(int, stopped.code)
    return 0


@contextmanager
def _stoppable() -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        if _importing(frame):  # an exception amid the set-up of C++ libraries may abort them: a little later, then
            threading.Timer(AGAIN, os.kill, (os.getpid(), signum)).start()
            return
        warnings.simplefilter("ignore")  # libraries would tell what they leave undone
        raise _Stopped(128 + signum)

    before = [signal.signal(one, stop) for one in STOPS]
    try:
        yield
    finally:
        for one, heeded in zip(STOPS, before, strict=True):
            signal.signal(one, heeded)


def _importing(frame: FrameType | None) -> bool:
    """Whether modules are being imported in ``frame`` or above it."""
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="osil", description="One-shot imitation learning: show a task once, and a simulated Fetch repeats it."
    )
    helps(parser)
    parser.add_argument(
        "--version", dest="run", action="store_const", const=_print_version, help="print the version and leave"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (evaluate, probe, train, export, collect, demonstration, particle, reproduce):
        command.add(commands)
    return parser


def _print_version(options: argparse.Namespace) -> None:
    from xml.etree import ElementTree

    from osil.resources import resource_path

    print(f"osil {ElementTree.parse(resource_path('package.xml')).findtext('version')}")
