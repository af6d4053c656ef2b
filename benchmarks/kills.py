"""Kills a node, or the connection to the robot, at a random moment of an imitation, again and again.

    python benchmarks/kills.py [--runs 100] [--seed 0] [--json kills.jsonl]

A fake Fetch, that of the tests, with the nodes of launch/fetch.launch.py. After a kill it is measured for how long the
arm is still told to move. The node is started anew and the arm resumed, and the same demonstration is imitated to its
end: from wherever the kill has left hand and blocks, or in a new scene where the imitation went on without the node.
With --json a line is added after each run, and runs that stand there already are not made again.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rclpy
from episodes import recorded
from fetch_stream import FETCH, MOVING, start
from imitations import PATIENCE, READY, at_fetch, imitate, resume, show
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from osil import seeds
from osil.core import CONTROL_PERIOD, Scene
from osil.files import add_json_line, check_output_file
from osil.ros.client import Client
from osil.ros.node_processes import FETCH_NODES, NodeProcessError, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.judge import step_limit
from osil_interfaces.action import Imitate
from ros.fake_fetch import FakeFetch

TASK = StackingTask.parse("abc")

CONNECTION = "connection"

MOVING_THE_ARM = (CONNECTION, "fetch_bridge", "controller", "policy")
"""Without one of these nothing moves; without another node an imitation goes on."""

EARLIEST, LATEST = 0.5, 6.0
"""When an imitation is hit, seconds after its goal."""

AFTER = 1.0
"""Seconds after which nothing moves any more; it is watched for half as long."""

COLUMNS = ("killed", "times", "told to rest after, p50 [s]", "max [s]", "motion after that [mrad]", "next goal reached")


class _Deserted(Exception):
    """Nobody is there any more who would tell how the imitation ends."""


class Trial:
    """Nodes before a fake Fetch, of which one after the other is killed."""

    def __init__(self, processes: NodeProcesses, client: Client, fetch: FakeFetch, folder: Path) -> None:
        self._processes, self._client, self._fetch, self._folder = processes, client, fetch, folder
        self._seconds = PATIENCE["fetch"] * step_limit(TASK) * CONTROL_PERIOD

    def run(self, victim: str, moment: float, scenes: Sequence[Scene]) -> dict[str, Any]:
        """Kill it so many seconds after the goal. In the second scene is imitated again if the first has gone well."""
        self._set_up(scenes[0])
        killed, ended = self._imitate_until(victim, moment)
        if victim in MOVING_THE_ARM:
            self._pause(AFTER + 0.5 * AFTER)
        rest, creep = self._motion_after(killed) if victim in MOVING_THE_ARM else (0.0, 0.0)
        if victim != CONNECTION:
            start(self._processes, victim, self._fetch.port, self._folder)
        resume(self._client)
        scene = self._client.scene()
        began = {"blocks": scene.block_positions.round(4).tolist(), "joints": self._joints()}
        went_on = victim not in MOVING_THE_ARM and bool(layout_reached(TASK, scene, NOMINAL))
        if went_on:
            self._set_up(scenes[1])
        went = imitate(self._client, TASK, self._folder / "shown.mcap", self._seconds)
        return {
            "killed": victim,
            "after": moment,
            "rest": rest,
            "creep": creep,
            "ended": ended,
            "went_on": went_on,
            "began": began,
            **went,
        }

    def _joints(self) -> list[float]:
        """Where the arm is now."""
        _, joints = self._fetch.measured[-1]
        return [round(float(joint), 4) for joint in joints]

    def _set_up(self, scene: Scene) -> None:
        """The arm in its ready pose, and the blocks elsewhere."""
        answers: list[Trigger.Response] = []

        def ready() -> bool:
            answers.append(self._client.call("planning/go_to_ready", Trigger))
            return bool(answers[-1].success)

        try:
            self._client.wait(ready, "the ready pose", READY)
        except NodeProcessError as error:
            raise SystemExit(f"{error}: {answers[-1].message if answers else 'no answer'}; {self._joints()}") from error
        self._fetch.move_blocks(scene.block_positions)
        self._client.scene()

    def _imitate_until(self, victim: str, moment: float) -> tuple[float, str]:
        """When it was killed, by the robot's clock, and how the imitation ended."""
        killed = float("nan")

        def tell(feedback: Imitate.Feedback) -> None:
            nonlocal killed
            if np.isnan(killed) and feedback.seconds >= moment:
                killed = self._fetch.now()
                self._kill(victim)
                if victim == "policy":
                    raise _Deserted

        try:
            result = self._client.imitate(str(self._folder / "shown.mcap"), self._seconds, 0, tell)
        except _Deserted:
            return killed, ""
        assert not np.isnan(killed), result.reason
        return killed, str(result.reason)

    def _kill(self, victim: str) -> None:
        if victim == CONNECTION:
            self._fetch.drop()
            return
        os.kill(self._processes.pid(victim), signal.SIGKILL)
        self._processes.stop([victim])  # so that nobody takes it for an accident

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._client.wait(lambda: time.monotonic() > until, "the robot", READY)

    def _motion_after(self, killed: float) -> tuple[float, float]:
        """Seconds until the arm was told to rest, and how far a joint moved once nothing should (radians)."""
        told = [one for one in self._fetch.commanded if one[0] >= killed]
        speeds = np.abs(np.diff([joints for _, joints in told], axis=0)).max(1) / np.diff([now for now, _ in told])
        moving = [now for (now, _), speed in zip(told[1:], speeds, strict=True) if speed > MOVING]
        rested = [joints for now, joints in self._fetch.measured if now >= killed + AFTER]
        return round(max(moving, default=killed) - killed, 3), round(float(np.ptp(rested, axis=0).max()), 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of moments and scenes")
    parser.add_argument("--json", type=Path, help="a line for each run is added here")
    options = parser.parse_args()
    check_output_file(options.json)
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rng = seeds.generator("demonstrate", options.seed)
    victims = (CONNECTION, *FETCH_NODES)

    def scene() -> Scene:
        return FETCH.table.random_scene(TASK.num_blocks, rng)

    results = recorded(options.json)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with (
        TemporaryDirectory() as name,
        FakeFetch(scene()) as fetch,
        NodeProcesses(Path(name) / "logs", {"OMP_NUM_THREADS": "1"}) as processes,
        at_fetch(processes, Path(name), fetch) as client,
    ):
        show(TASK, options.seed, Path(name) / "shown.mcap")
        trial = Trial(processes, client, fetch, Path(name))
        for number in tqdm(range(options.runs), unit="kill"):
            moment, scenes = round(float(rng.uniform(EARLIEST, LATEST)), 2), (scene(), scene())
            if number < len(results):
                continue
            results.append(trial.run(victims[number % len(victims)], moment, scenes))
            if options.json:
                add_json_line(options.json, results[-1])
    rclpy.try_shutdown()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for victim in victims:
        if chosen := [one for one in results if one["killed"] == victim]:
            print(f"| {victim} | {' | '.join(summary(victim, chosen))} |")


def summary(victim: str, results: list[dict[str, Any]]) -> list[str]:
    """The columns of the table."""
    reached = f"{sum(one['success'] for one in results)} of {len(results)}"
    if victim not in MOVING_THE_ARM:
        went_on = sum(one["went_on"] for one in results)
        return [str(len(results)), f"went on: {went_on}", "", "", reached]
    rests = [one["rest"] for one in results]
    creep = max(one["creep"] for one in results)
    return [str(len(results)), f"{np.median(rests):.2f}", f"{max(rests):.2f}", f"{1e3 * creep:.1f}", reached]


if __name__ == "__main__":
    main()
