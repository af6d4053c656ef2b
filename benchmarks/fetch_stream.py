"""How smoothly a Fetch is told to move: the stream of goals at a fake Fetch, beside that of a naive bridge.

    python benchmarks/fetch_stream.py [--seconds 20]

The gripper is commanded to and fro through controller and bridge, as on a robot, and it is measured where the vendor's
controller, as the fake has it, tells the arm to be. The naive bridge is ours with its goals cut down on the way: one
point, no velocity, due after a control period. The fake Fetch is that of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from osil import seeds
from osil.core import CONTROL_PERIOD, NANOSECONDS, Action, FloatArray
from osil.robots.frames import GRIPPER_FRAME
from osil.robots.gate_config import ON_A_ROBOT
from osil.robots.robot import load_robot
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from ros.fake_fetch import ARM_GOAL, CLOCK_AHEAD, FakeFetch
from ros.fake_tracker import FakeTracker

FETCH = load_robot("fetch")

SPEED, PERIOD = 0.2, 4.0
"""Greatest speed of the gripper (m/s), and the seconds in which it goes to and fro."""

LEFT = np.array([0.0, 1.0, 0.0])
"""In the gripper's frame."""

WINDOW = 6
"""Physics steps, 25 ms, over which an acceleration is taken."""

MOVING = 0.01
"""Radians a second from which on a joint moves; five times as much, and a step back is one."""

COLUMNS = (
    "bridge",
    "speed error, rms [rad/s]",
    "greatest step back [mrad]",
    "acceleration told [%]",
    "at rest after [s]",
)


class Commander(Client):
    """Commands the gripper, and notes what the controller makes of it.

    Attributes:
        meant: what was sent to the arm: time (seconds) and trajectory, oldest first.
        ahead: seconds by which commands are stamped too late.
        velocity: that is commanded whatever is asked for, ``[3]`` m/s; None: what is asked for.
        silent: nothing is commanded.
        topic: on which it is commanded.
        frame: in which commands are given.
    """

    def __init__(self, processes: NodeProcesses, fetch: FakeFetch) -> None:
        super().__init__(processes, FETCH)
        self.meant: list[tuple[float, Trajectory]] = []
        self._fetch = fetch
        self.honest()
        self._twists = {
            topic: self.create_publisher(TwistStamped, topic, 1)
            for topic in (topics.GRIPPER_TWIST, topics.TELEOP_GRIPPER_TWIST)
        }
        self.create_subscription(JointTrajectory, topics.ARM_TRAJECTORY, self._note, 10)

    def honest(self) -> None:
        """Command as a policy does."""
        self.ahead, self.frame = 0.0, GRIPPER_FRAME
        self.velocity: FloatArray | None = None
        self.silent, self.topic = False, topics.GRIPPER_TWIST

    def _note(self, message: JointTrajectory) -> None:
        now = time.time()
        start = self.told(now) if self.meant else (self._fetch.joints, np.zeros(len(FETCH.arm_joints)))
        self.meant.append((now, convert.to_trajectory(message, FETCH.arm_joints, *start)))

    def told(self, now: float) -> tuple[FloatArray, FloatArray]:
        """Position and velocity ``[J]`` that the controller means the arm to have."""
        sent, trajectory = next(one for one in reversed(self.meant) if one[0] <= now)
        return trajectory.at(now - sent)

    def move(self, seconds: float) -> float:
        """To and fro, and amid the motion no more. Returns the time of the last command."""
        while not self.meant:  # a bridge that tells late that it had no connection yet stops the arm once more
            self.call("controller/resume", Trigger)
            self.drive(np.tile(0.1 * SPEED * LEFT, (20, 1)))
        steps = np.arange(0.0, seconds + PERIOD / 4, CONTROL_PERIOD)
        self.drive(SPEED * np.sin(2 * np.pi * steps / PERIOD)[:, None] * LEFT)
        ended = time.time()
        self.pause(time.monotonic() + 2.0)
        return ended

    def drive(self, velocities: FloatArray) -> None:
        """Move with velocities ``[T, 3]``, m/s, in the gripper's frame, one each control period."""
        began = time.monotonic()
        for step, velocity in enumerate(velocities):
            self._command(velocity if self.velocity is None else self.velocity)
            self.pause(began + (step + 1) * CONTROL_PERIOD)

    def _command(self, velocity: FloatArray) -> None:
        stamp = time.time_ns() + round(self.ahead * NANOSECONDS)
        twist = convert.from_action(Action(np.zeros(3), np.array(False)), stamp, CONTROL_PERIOD)
        twist.header.frame_id = self.frame
        twist.twist.linear.x, twist.twist.linear.y, twist.twist.linear.z = map(float, velocity)
        if not self.silent:
            self._twists[self.topic].publish(twist)

    def pause(self, until: float) -> None:
        """Listen until a time of the machine's monotonic clock."""
        while (left := until - time.monotonic()) > 0.0:
            self._spinner.spin_once(left)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of motion with each bridge")
    seconds = parser.parse_args().seconds
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name, naive in (("ours", False), ("naive", True)):
        with (
            FakeFetch(FETCH.table.random_scene(2, seeds.generator("demonstrate", 0))) as fetch,
            naive_way(fetch.port) if naive else nullcontext(fetch.port) as port,
        ):
            print(f"| {name} | {' | '.join(run(fetch, port, seconds))} |", flush=True)


@contextmanager
def naive_way(port: int) -> Iterator[int]:
    """A port before the one of the fake Fetch, on the way from which goals lose all but one point."""

    def pass_on(connection: ServerConnection) -> None:
        with connect(f"ws://127.0.0.1:{port}", compression=None) as robot, suppress(ConnectionClosed):
            threading.Thread(target=pass_back, args=(robot, connection), daemon=True).start()
            for text in connection:
                robot.send(json.dumps(cut(json.loads(text))))

    def pass_back(robot: Any, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for text in robot:
                connection.send(text)

    with serve(pass_on, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


def cut(message: dict[str, Any]) -> dict[str, Any]:
    """A goal as a naive bridge sends it; anything else as it is."""
    if message.get("topic") == ARM_GOAL and message["op"] == "publish":
        trajectory = message["msg"]["goal"]["trajectory"]
        point = trajectory["points"][0]
        due = point["time_from_start"]["secs"] + 1e-9 * point["time_from_start"]["nsecs"]
        sooner = (due - CONTROL_PERIOD) * np.array(point["velocities"])
        position = (np.array(point["positions"]) - sooner).tolist()
        time_from_start = {"secs": 0, "nsecs": round(1e9 * CONTROL_PERIOD)}
        trajectory["points"] = [{"positions": position, "velocities": [], "time_from_start": time_from_start}]
    return message


def start(processes: NodeProcesses, node: str, port: int, demonstrations: Path = Path("demonstrations")) -> None:
    """Start one of FETCH_NODES as launch/fetch.launch.py does, but for ``autostart``."""
    own: dict[str, dict[str, object]] = {
        "fetch_bridge": {"port": port},
        "controller": {**ON_A_ROBOT},
        "policy": {"demonstrations": str(demonstrations)},
        "recorder": {"demonstrations": str(demonstrations)},
    }
    processes.start(node, {"use_sim_time": False, **own.get(node, {})})


def run(fetch: FakeFetch, port: int, seconds: float) -> list[str]:
    """Move the arm by way of a port; returns a row of the table."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with tempfile.TemporaryDirectory() as logs, NodeProcesses(Path(logs), {}) as processes:
        tracker, commander = FakeTracker(fetch), Commander(processes, fetch)
        for node in ("fetch_bridge", "controller"):
            start(processes, node, port)
        commander.wait(lambda: commander.call("controller/resume", Trigger).success, "the robot", 30.0)
        commander.pause(time.monotonic() + 1.0)
        row = measure(fetch, commander, commander.move(seconds))
        commander.close()
        tracker.close()
    rclpy.try_shutdown()
    return row


def acceleration(times: FloatArray, speeds: FloatArray) -> float:
    """The greatest over ``WINDOW`` steps, as a share of the joints' limits.

    Args:
        times: ``[T]`` seconds.
        speeds: ``[T - 1, J]`` radians a second from one to the next.
    """
    changes = np.abs(speeds[WINDOW:] - speeds[:-WINDOW]) / (times[WINDOW + 1 :] - times[1:-WINDOW])[:, None]
    return float((changes / FETCH.acceleration).max(initial=0.0))


def measure(fetch: FakeFetch, commander: Commander, ended: float) -> list[str]:
    """The columns of the table, from when the controller began to command."""
    commanded = list(fetch.commanded)  # the robot goes on meanwhile
    times = np.array([now for now, _ in commanded]) - CLOCK_AHEAD
    told = np.array([joints for _, joints in commanded])[times > commander.meant[0][0]]
    times = times[times > commander.meant[0][0]]
    speeds = np.diff(told, axis=0) / np.diff(times)[:, None]
    meant = np.array([commander.told(float(now))[1] for now in times[1:]])
    error = np.sqrt(np.mean((speeds - meant)[np.abs(meant).max(1) > MOVING] ** 2))
    back = np.where(np.abs(meant) > 5 * MOVING, -np.sign(meant) * np.diff(told, axis=0), 0.0).max()
    rest = times[1:][np.abs(speeds).max(1) > MOVING].max() - ended
    return [f"{error:.3f}", f"{1e3 * back:.1f}", f"{100 * acceleration(times, speeds):.0f}", f"{rest:.2f}"]


if __name__ == "__main__":
    main()
