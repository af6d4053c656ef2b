"""Everything in simulation, with the page: ``python -m osil.ros.page``. Ctrl-C ends it all."""

from __future__ import annotations

import os
from pathlib import Path

from osil.ros.__main__ import run
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses

LOGS = Path("page_output", "logs")


def main() -> int:
    """Run the other nodes as processes of their own, and the page here, so that its address is seen."""
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    with NodeProcesses(LOGS, {"OMP_NUM_THREADS": "1"}) as processes:
        for node in SIMULATION_NODES:
            processes.start(node)
        print(f"Started {', '.join(SIMULATION_NODES)}; what they say is in {LOGS}/", flush=True)
        return run("page_node")


if __name__ == "__main__":
    raise SystemExit(main())
