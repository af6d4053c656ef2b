"""Which nodes run together, and how to start and stop them as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from osil.errors import OsilError
from osil.ros.lifeline import lifeline

ROBOT_NODES = ("controller", "planning", "policy", "recorder", "teleop")
"""Nodes that run wherever there is a robot, simulated or not. Node ``x`` is the module ``osil.ros.x_node``."""

SIMULATION_NODES = ("simulation", *ROBOT_NODES)
"""All that run in simulation."""

TRACKER_NODES = ("tracker",)
"""Those that tell where tagged blocks are, in front of a camera. In simulation ``camera`` is that camera."""

FETCH_NODES = ("fetch_bridge", *ROBOT_NODES)
"""All that run for a real Fetch."""

GAZEBO_NODES = ("gazebo_blocks", "block_frames", *ROBOT_NODES)
"""All that run beside Gazebo."""

FRAME_NODES = ("robot_state_publisher", "block_frames")
"""What tells ROS tools where everything is. Launch files run these, too; no other node needs them."""

PATIENCE = 5.0
"""Seconds that a node gets to leave after SIGINT, and again after SIGTERM, before it is killed."""


class NodeProcessError(OsilError):
    """A node died, or did not answer."""


def program(node: str) -> list[str]:
    """The command line that runs a node; its parameters come from ``config/``."""
    return [sys.executable, "-m", "osil.ros", f"{node}_node"]


def how_it_died(status: int, printed: str) -> str:
    """What is to be said of a node that left with an exit status (negative: a signal), after what it had printed."""
    last_words = (printed.strip().splitlines() or ["no output"])[-1]
    return f"died with status {status}: {last_words}" if status >= 0 else f"died with signal {-status}"


class NodeProcesses:
    """Nodes as child processes, each with a log file. Leaving the ``with`` block ends them all."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]) -> None:
        """Start nothing yet.

        Args:
            log_folder: for one ``<node>.log`` each; made if missing.
            environment: variables that the nodes get besides those of this process.
        """
        self._log_folder, self._environment = log_folder, {**os.environ, **environment, **lifeline()}
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> NodeProcesses:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, node: str, parameters: Mapping[str, object] | None = None, namespace: str = "") -> None:
        """Start a node in a namespace, with parameters that override its configuration."""
        overrides = [word for name, value in (parameters or {}).items() for word in ("-p", f"{name}:={_yaml(value)}")]
        overrides += ["-r", f"__ns:=/{namespace}"] if namespace else []
        command = [*program(node), *(["--ros-args", *overrides] if overrides else [])]
        with self.log(node).open("wb") as log:
            self._children[node] = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the nodes in order
                preexec_fn=_heed_interrupts,
            )

    def log(self, node: str) -> Path:
        """The file with all that the node prints."""
        return self._log_folder / f"{node}.log"

    def running(self, node: str) -> bool:
        """Whether the node has been started and has neither left nor been stopped."""
        return node in self._children and self._children[node].poll() is None

    def pid(self, node: str) -> int:
        """Process id of a node that was started."""
        return self._children[node].pid

    def check(self) -> None:
        """Raise NodeProcessError if a node has died. One that left with status 0 has done its work."""
        for node, child in self._children.items():
            if not child.poll():
                continue
            how = how_it_died(child.returncode, self.log(node).read_text(errors="replace"))
            raise NodeProcessError(f"node {node} {how} (all that it printed: {self.log(node)})")

    def stop(self, nodes: Sequence[str] | None = None) -> None:
        """End the nodes (left out: all), gently at first."""
        ending = {node: self._children.pop(node) for node in nodes or list(self._children)}
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for child in ending.values():
                if child.poll() is None:
                    child.send_signal(signum)
            for child in ending.values():
                try:
                    child.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    continue


def _heed_interrupts() -> None:
    """In the child, before it runs: a background job of a shell begins with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _yaml(value: object) -> str:
    """A parameter value as ROS reads it on the command line."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
