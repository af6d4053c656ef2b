"""Run a node: ``python -m osil.ros simulation_node --ros-args ...``, or the demo: ``python -m osil.ros demo``.

Ctrl-C ends it quietly while it still starts.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from pathlib import Path

from osil.errors import ResourceError


def run(program: str) -> int:
    """Run the module ``osil.ros.<program>``; returns its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt amid the imports would be a long traceback
    try:
        module = import_module(f"osil.ros.{program}")
    except ResourceError as error:  # a library that only this node needs
        print(f"error: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = int(module.main())
    for signum in (signal.SIGINT, signal.SIGTERM):  # of a second one Python would die while it ends
        signal.signal(signum, signal.SIG_IGN)
    return status


NODES = sorted(path.stem for path in Path(__file__).parent.glob("*_node.py") if path.stem != "run_node")
USAGE = f"usage: python -m osil.ros NODE [--ros-args ...], where NODE is one of {', '.join(NODES)}; or demo [--help]"

if __name__ == "__main__":
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(USAGE)
        raise SystemExit(0)
    if len(sys.argv) < 2 or sys.argv[1] not in (*NODES, "demo"):
        raise SystemExit(USAGE)
    raise SystemExit(run(sys.argv.pop(1)))
