"""What goes wrong under a launch file is told, ends what must end, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from .launched import NODES, Launch

pytest.importorskip("launch_ros", reason="launch_ros comes with a ROS 2 distribution and has no wheel")


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
    assert len(first.nodes()) == len(NODES)
