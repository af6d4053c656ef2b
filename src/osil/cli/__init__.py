"""The command ``osil``: arguments only. Each command imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import argparse
import io
import shlex
import sys
from collections.abc import Sequence

from osil.cli import collect, demonstration, evaluate, particle, reproduce, train
from osil.errors import OsilError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status: 0, or 2 after an error of the user's that is told in one line."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # names may have letters that the terminal's locale does not know
        sys.stdout.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    options.command_line = shlex.join(["osil", *words])
    try:
        options.run(options)
    except OsilError as error:
        print(f"osil: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("osil: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="osil", description="One-shot imitation learning: show a task once, and a simulated Fetch repeats it."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (evaluate, train, collect, demonstration, particle, reproduce):
        command.add(commands)
    return parser
