"""Whole imitations with all nodes: through the topics of the simulation, or over the bridge to a fake Fetch.

    python benchmarks/imitations.py --over simulation [--episodes 50] [--json simulation.jsonl]
    python benchmarks/imitations.py --over fetch [--episodes 50] [--json fetch.jsonl]

Each episode is one of the test tasks in turn, shown by the scripted expert in a scene of its own. Either way has the
same demonstrations and scenes, and nodes that have just been started. The fake Fetch is that of the tests. The nodes
before it have the parameters of launch/fetch.launch.py: the gripper is half as fast as a policy asks for, so it gets
twice the time. With --json a line is added after each episode, and episodes that stand there already are not run again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from typing import Any

import rclpy
from episodes import add_arguments, run_episodes
from fetch_stream import FETCH, start
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from osil import seeds
from osil.core import CONTROL_PERIOD
from osil.data.demonstrate import demonstrate
from osil.demonstrations.storage import save
from osil.ros.client import Client, Refused
from osil.ros.node_processes import FETCH_NODES, SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.judge import step_limit
from osil.worlds.make_world import make_world
from ros import imitating
from ros.fake_fetch import FakeFetch
from ros.fake_tracker import FakeTracker

READY = 60.0
"""Seconds within which the nodes must be able to begin."""

SETTLED = 1.0
"""Seconds after which a bridge has told that it had no connection yet, which stops the arm once more."""

PATIENCE = {"simulation": 1.0, "fetch": 2.0}
"""How much more time an imitation gets than in an evaluation."""


@contextmanager
def in_simulation(processes: NodeProcesses, folder: Path, num_blocks: int, seed: int) -> Iterator[Client]:
    """All nodes with the simulation, in a random scene; demonstrations are in ``folder``."""
    own: dict[str, dict[str, object]] = {node: {"demonstrations": str(folder)} for node in ("recorder", "policy")}
    own["simulation"] = {"num_blocks": num_blocks, "seed": seed}
    for node in SIMULATION_NODES:
        processes.start(node, own.get(node))
    client = Client(processes, FETCH)
    resume(client)
    yield client
    client.close()


@contextmanager
def at_fetch(processes: NodeProcesses, folder: Path, fetch: FakeFetch) -> Iterator[Client]:
    """All nodes with a fake Fetch."""
    for node in FETCH_NODES:
        start(processes, node, fetch.port, folder)
    client, tracker = Client(processes, FETCH), FakeTracker(fetch)
    resume(client)
    yield client
    tracker.close()
    client.close()


def resume(client: Client) -> None:
    """Let the arm move, once the robot is there, and for good."""

    def resumed() -> bool:
        if not client.call("controller/resume", Trigger).success:
            return False
        until = time.monotonic() + SETTLED
        client.wait(lambda: time.monotonic() > until, "the arm", READY)
        return bool(client.call("controller/resume", Trigger).success)

    client.wait(resumed, "the robot", READY)


def show(task: StackingTask, seed: int, file: Path) -> None:
    """Write a demonstration of a task by the scripted expert."""
    rng = seeds.generator("test", seed)
    with make_world("pybullet", FETCH, task.num_blocks, rng) as world:
        (shown,), _ = demonstrate(world, [task], FETCH.table.random_scene(task.num_blocks, rng)[None])
    save(shown, file, file.stem, list(ascii_lowercase[: task.num_blocks]))


def imitate(client: Client, task: StackingTask, shown: Path, seconds: float) -> dict[str, Any]:
    """How it went."""
    try:
        result = imitating.imitate(client, str(shown), seconds)
    except Refused as refusal:
        return {"success": False, "reason": str(refusal), "seconds": 0.0}
    reached = bool(layout_reached(task, client.scene(), NOMINAL))
    return {"success": reached, "reason": result.reason, "seconds": round(result.seconds, 1)}


def run_episode(over: str, number: int, task: StackingTask) -> dict[str, Any]:
    """Have a task imitated by nodes of their own; says how it went."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with ExitStack() as stack:
        stack.callback(rclpy.try_shutdown)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        show(task, number, folder / "shown.mcap")
        processes = stack.enter_context(NodeProcesses(folder / "logs", {"OMP_NUM_THREADS": "1"}))
        if over == "fetch":
            scene = FETCH.table.random_scene(task.num_blocks, seeds.generator("demonstrate", number))
            fetch = stack.enter_context(FakeFetch(scene))
            client = stack.enter_context(at_fetch(processes, folder, fetch))
        else:
            client = stack.enter_context(in_simulation(processes, folder, task.num_blocks, number))
        seconds = PATIENCE[over] * step_limit(task) * CONTROL_PERIOD
        went = imitate(client, task, folder / "shown.mcap", seconds)
    return {"over": over, "episode": number, "task": str(task), **went}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--over", choices=sorted(PATIENCE), required=True)
    add_arguments(parser)
    options = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    run_episodes(options, partial(run_episode, options.over))


if __name__ == "__main__":
    main()
