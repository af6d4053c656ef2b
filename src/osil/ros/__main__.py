"""Run a node: ``python -m osil.ros simulation_node --ros-args ...``. Ctrl-C ends it quietly while it still starts."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from pathlib import Path


def run(node: str) -> int:
    """Run the node of the module ``osil.ros.<node>``; returns its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt amid the imports would be a long traceback
    module = import_module(f"osil.ros.{node}")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return int(module.main())


NODES = sorted(path.stem for path in Path(__file__).parent.glob("*_node.py"))

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in NODES:
        raise SystemExit(f"usage: python -m osil.ros NODE [--ros-args ...], where NODE is one of {', '.join(NODES)}")
    raise SystemExit(run(sys.argv.pop(1)))
