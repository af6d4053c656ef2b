"""A launch file that runs beside a test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from osil.resources import resource_path
from osil.ros.node_processes import FRAME_NODES, SIMULATION_NODES

NODES = {f"{node}_node" for node in (*SIMULATION_NODES, *FRAME_NODES)}
"""Programs that sim.launch.py runs where ROS's own robot_state_publisher is not installed."""

# Includes the launch file with the arguments that follow, as `ros2 launch` does.
LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource

file, *arguments = sys.argv[1:]
pairs = [tuple(argument.split(":=")) for argument in arguments]
service = LaunchService(argv=arguments)
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(AnyLaunchDescriptionSource(file), launch_arguments=pairs)])
)
sys.exit(service.run())
"""


class Launch:
    """A launch file under way. Its nodes are told by an environment variable that they inherit."""

    def __init__(self, log: Path, *arguments: str, **environment: str) -> None:
        self._log = log
        command = [sys.executable, "-c", LAUNCH, str(resource_path("launch", "sim.launch.py")), *arguments]
        with log.open("wb") as output:
            inherited = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
            environment = {**inherited, **environment, "LAUNCHED_BY": str(log)}
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)

    def printed(self) -> str:
        return self._log.read_text(errors="replace")

    def nodes(self) -> dict[str, int]:
        """Process ids of the nodes that live, by name."""
        nodes = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if f"LAUNCHED_BY={self._log}".encode() in (folder / "environ").read_bytes() and b"osil.ros" in words:
                    nodes[words[words.index(b"osil.ros") + 1].decode()] = int(folder.name)
            except OSError:  # it has just left
                continue
        return nodes

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def until_ready(self) -> None:
        """Until the last node to come, the policy with its network, has come."""
        self.until(lambda: self.nodes().keys() == NODES and "[policy]: model" in self.printed())
