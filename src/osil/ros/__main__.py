"""Run a node: ``python -m osil.ros simulation_node --ros-args ...``. Ctrl-C ends it quietly while it still starts."""

from __future__ import annotations

import signal
import sys
from importlib import import_module


def run(node: str) -> int:
    """Run the node of the module ``osil.ros.<node>``; returns its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt amid the imports would be a long traceback
    module = import_module(f"osil.ros.{node}")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return int(module.main())


if __name__ == "__main__":
    raise SystemExit(run(sys.argv.pop(1)))
