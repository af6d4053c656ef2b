"""What happens to the arm when something goes wrong with a Fetch, the connection or a node amid its motion.

    python benchmarks/fetch_faults.py [--injections 20]

Each fault is injected while the gripper is commanded through controller and bridge, and commands go on for a second
after it. It is measured where the fake Fetch of the tests tells its arm to be, and where it is.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import rclpy
from fetch_stream import FETCH, MOVING, Commander, start
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from osil import seeds
from osil.core import CONTROL_PERIOD, FloatArray
from osil.ros import topics
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import ControllerStatus
from ros.fake_fetch import FakeFetch
from ros.fake_tracker import FakeTracker

DRIVE = np.full(16, 0.15)
"""Speeds of the gripper (m/s) in the control periods before something goes wrong, and when all is well again."""

AFTER = 1.0
"""Seconds for which commands go on after the injection; from then on the arm must not move at all."""

COLUMNS = (
    "what goes wrong",
    "reason",
    "at rest after, p50 [s]",
    "max [s]",
    "greatest speed [rad/s]",
    "greatest acceleration [rad/s²]",
    "motion after that [mrad]",
    "goes on after resume",
)


@dataclass(frozen=True)
class Outcome:
    """Of one injection: see ``COLUMNS``."""

    reason: str
    rest: float
    speed: float
    acceleration: float
    creep: float
    goes_on: bool


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--injections", type=int, default=20, help="of each fault")
    parser.add_argument("--only", help="one of the faults, by its name in the table")
    options = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with (
        FakeFetch(FETCH.table.random_scene(2, seeds.generator("demonstrate", 0))) as fetch,
        tempfile.TemporaryDirectory() as logs,
        NodeProcesses(Path(logs), {}) as processes,
    ):
        tracker, commander = FakeTracker(fetch), Commander(processes, fetch)
        trial = Trial(fetch, commander, processes)
        for name, (inject, undo) in trial.faults().items():
            if options.only in (None, name):
                outcomes = [trial.run(inject, undo, 1 - 2 * (each % 2)) for each in range(options.injections)]
                print(f"| {name} | {' | '.join(summary(outcomes))} |", flush=True)
        commander.close()
        tracker.close()
    rclpy.try_shutdown()


def summary(outcomes: list[Outcome]) -> list[str]:
    """The columns of the table."""
    rests = [one.rest for one in outcomes]
    worst = [max(getattr(one, name) for one in outcomes) for name in ("speed", "acceleration", "creep")]
    return [
        ", ".join(sorted({one.reason for one in outcomes})),
        f"{np.median(rests):.2f}",
        f"{max(rests):.2f}",
        f"{worst[0]:.2f}",
        f"{worst[1]:.1f}",
        f"{1e3 * worst[2]:.1f}",
        f"{sum(one.goes_on for one in outcomes)} of {len(outcomes)}",
    ]


Act = Callable[[], None]


class Trial:
    """Injects faults into a fake Fetch, its connection and its nodes."""

    def __init__(self, fetch: FakeFetch, commander: Commander, processes: NodeProcesses) -> None:
        self._fetch, self._commander, self._processes = fetch, commander, processes
        self._heard: list[ControllerStatus] = []
        commander.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, self._hear, topics.LATCHED)
        for node in ("fetch_bridge", "controller"):
            start(processes, node, fetch.port)

    def _hear(self, status: ControllerStatus) -> None:
        self._heard.append(status)

    def _reason(self) -> str:
        """Why the arm was stopped, or else why it was held."""
        stops = [one.reason_name for one in self._heard if one.state == ControllerStatus.STOPPED]
        holds = [one.reason_name for one in self._heard if one.reason_name not in ("", "NO_COMMAND")]
        reasons: list[str] = stops or holds or [""]
        return reasons[-1]

    def faults(self) -> dict[str, tuple[Act, Act]]:
        """Each with what injects it and what ends it."""
        fetch = self._fetch

        def set_to(name: str, value: object) -> tuple[Act, Act]:
            return partial(setattr, fetch, name, value), fetch.honest

        def kill(node: str) -> tuple[Act, Act]:
            return lambda: os.kill(self._processes.pid(node), signal.SIGKILL), lambda: self._restart(node)

        return {
            "run-stop": set_to("runstopped", True),
            "fault": set_to("faulted", True),
            "breaker": set_to("breaker_tripped", True),
            "joint beyond its limits": set_to("absurd", {"elbow_flex_joint": 9.0}),
            "joint states frozen, stamps too": set_to("frozen", True),
            "everything 0.5 s late": set_to("lag", 0.5),
            "connection silent for that second": set_to("mute", True),
            "connection broken off": (fetch.unplug, fetch.plug_in),
            "bridge killed": kill("fetch_bridge"),
            "controller killed": kill("controller"),
        }

    def _restart(self, node: str) -> None:
        self._processes.stop([node])
        start(self._processes, node, self._fetch.port)

    def run(self, inject: Act, undo: Act, direction: int) -> Outcome:
        """One injection amid a motion to the left (1) or right (-1)."""
        commander, fetch = self._commander, self._fetch
        self._resume()
        commander.drive(direction * DRIVE)
        injected = fetch.now()
        self._heard.clear()
        inject()
        commander.drive(np.full(round(AFTER / CONTROL_PERIOD), direction * DRIVE[0]))
        undo()
        commander.pause(time.monotonic() + 0.5)
        resumed, reason = fetch.now(), self._reason()
        self._resume()
        before = fetch.joints
        commander.drive(-direction * DRIVE)
        goes_on = bool(np.abs(fetch.joints - before).max() > 0.02)
        rest, speed, acceleration = self._motion(injected, resumed)
        return Outcome(reason, rest, speed, acceleration, self._creep(injected + AFTER, resumed), goes_on)

    def _resume(self) -> None:
        resumed = lambda: self._commander.call("controller/resume", Trigger).success  # noqa: E731
        self._commander.wait(resumed, "the robot", 60.0)
        self._commander.pause(time.monotonic() + 0.7)

    def _motion(self, since: float, until: float) -> tuple[float, float, float]:
        """When the arm was told to rest, how fast it was told to move and to change its speed before."""
        times, told = _between(self._fetch.commanded, since, until)
        if len(times) < 8:  # the power was cut
            return 0.0, 0.0, 0.0
        speeds = np.diff(told, axis=0) / np.diff(times)[:, None]
        changes = np.abs(speeds[6:] - speeds[:-6]) / (times[7:] - times[1:-6])[:, None]
        moving = times[1:][np.abs(speeds).max(1) > MOVING]
        rest = float(moving.max()) - since if len(moving) else 0.0
        return rest, float(np.abs(speeds).max()), float(changes.max(initial=0.0))

    def _creep(self, since: float, until: float) -> float:
        """How far a joint moves meanwhile, radians."""
        _, joints = _between(self._fetch.measured, since, until)
        return float(np.ptp(joints, axis=0).max())


def _between(samples: list[tuple[float, FloatArray]], since: float, until: float) -> tuple[FloatArray, FloatArray]:
    chosen = [one for one in samples if since <= one[0] <= until]
    return np.array([now for now, _ in chosen]), np.array([joints for _, joints in chosen])


if __name__ == "__main__":
    main()
