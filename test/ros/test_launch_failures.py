"""What goes wrong under a launch file is told, ends what must end, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osil.resources import resource_path

pytest.importorskip("launch_ros", reason="launch_ros comes with a ROS 2 distribution and has no wheel")

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

    def __init__(self, log: Path, *arguments: str) -> None:
        self._log = log
        command = [sys.executable, "-c", LAUNCH, str(resource_path("launch", "sim.launch.py")), *arguments]
        with log.open("wb") as output:
            environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
            environment["LAUNCHED_BY"] = str(log)
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
        self.until(lambda: len(self.nodes()) == 5 and "[policy]: model" in self.printed())


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Launch]]:
    launches: list[Launch] = []

    def start(*arguments: str) -> Launch:
        launches.append(Launch(tmp_path / f"{len(launches)}.log", *arguments))
        return launches[-1]

    yield start
    for launched in launches:
        launched.process.kill()
        launched.process.wait()
        launched.until(lambda one=launched: not one.nodes())


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("num_block:=5", "unknown launch argument num_block; expected some of num_blocks"),
        ("num_blocks:=abc", "parameter num_blocks of simulation"),
        ("num_blocks:=5.0", "parameter num_blocks of simulation"),
        ("gui:=1", "parameter gui of simulation"),
        ("gui:=true", "there is no display"),
        ("model:=nowhere", "node policy died with status 1: error: "),
    ],
)
def test_what_cannot_work_ends_the_launch_with_its_reason(
    launch: Callable[..., Launch], argument: str, reason: str
) -> None:
    launched = launch(argument)
    assert launched.process.wait(60) == 1
    last_error = [line for line in launched.printed().splitlines() if "[launch]" in line][-1]
    assert reason in last_error
    assert not launched.nodes()


def test_a_killed_node_comes_back_and_a_killed_simulation_ends_the_launch(launch: Callable[..., Launch]) -> None:
    launched = launch()
    launched.until_ready()
    before = launched.nodes()
    os.kill(before["controller_node"], signal.SIGKILL)
    launched.until(lambda: launched.nodes().get("controller_node") not in (None, before["controller_node"]))
    os.kill(before["simulation_node"], signal.SIGKILL)
    assert launched.process.wait(60) == 1
    assert "node simulation died with signal 9" in launched.printed()
    assert not launched.nodes()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_launch(launch: Callable[..., Launch], signum: signal.Signals) -> None:
    launched = launch()
    launched.until_ready()
    launched.process.send_signal(signum)
    launched.process.wait(60)
    launched.until(lambda: not launched.nodes())


def test_a_second_launch_is_refused_and_the_first_goes_on(launch: Callable[..., Launch]) -> None:
    first = launch()
    first.until_ready()
    second = launch()
    assert second.process.wait(60) == 1
    assert "runs already in ROS domain" in second.printed()
    assert len(first.nodes()) == 5
