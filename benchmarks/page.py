"""What the page in the browser costs, how the gripper follows a drag, by the page's own messages, and how it is drawn.

    python benchmarks/page.py [--seconds 20]

The page's share of a core and what it sends are measured while nothing happens, while the gripper is dragged, and while
a demonstration is imitated, alone and with three pages that look on. A drag to and fro tells how late the gripper is
where the pointer was, how far it is from there then, and how smoothly it goes (jerk from its places 50 ms apart); a
pointer that stops at once, how far it goes beyond; the end of a drag amid the motion, after how long it rests. Where
Chromium is installed, it looks on without a window, to tell how often it draws. The clients are those of the tests.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import rclpy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from osil.core import CONTROL_PERIOD, FloatArray
from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld
from ros.page.chromium import PROGRAM, Chromium
from ros.page.page_client import PageClient

FETCH = load_robot("fetch")

TASK = StackingTask.parse("abcdef")

REACH, PERIOD = 0.1, 3.0
"""Metres to either side of a drag, and the seconds in which it goes to and fro: up to 0.21 m/s."""

ONLOOKERS = 3

SCREEN = 1280, 800
"""Width and height of the browser, pixels."""

STOP_SPEED = 0.15
"""m/s of a pointer that stops at once."""

COUNT = "drawn = 0; requestAnimationFrame(function count() { drawn += 1; requestAnimationFrame(count); }); 0"
"""JavaScript that counts from now on how often the browser draws."""

WAIT = 60.0
"""Seconds in which something has to happen."""

RESTING = 0.001
"""m/s below which the gripper rests."""


class Watcher(Client):
    """Notes where the gripper is.

    Attributes:
        places: time of arrival (seconds of the machine's clock), stamp (seconds) and y (metres, base frame).
    """

    def __init__(self, processes: NodeProcesses) -> None:
        super().__init__(processes, FETCH)
        self.places: list[tuple[float, float, float]] = []
        self.gripper: FloatArray = np.zeros(3)
        self.create_subscription(JointState, topics.JOINT_STATES, self._note, topics.NEWEST)

    def _note(self, message: JointState) -> None:
        joints = convert.pick(convert.to_joint_positions(message), FETCH.arm_joints)
        self.gripper = FETCH.kinematics.forward(joints, FETCH.lift).position
        stamp = convert.to_nanoseconds(message.header.stamp) * 1e-9
        self.places.append((time.monotonic(), stamp, float(self.gripper[1])))

    def let_pass(self, seconds: float) -> None:
        """Listen for so long."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, "time", seconds + 10.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    with tempfile.TemporaryDirectory() as name, NodeProcesses(Path(name, "logs"), {"OMP_NUM_THREADS": "1"}) as nodes:
        folder = Path(name)
        rng = np.random.default_rng(0)
        scene = FETCH.table.random_scene(TASK.num_blocks, rng)
        (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [TASK], scene[None])
        storage.save(shown, folder / "shown.mcap", "shown", "abcdef")
        nodes.start("simulation", {"num_blocks": TASK.num_blocks})
        nodes.start("controller")
        for node in ("recorder", "policy"):
            nodes.start(node, {"demonstrations": str(folder)})
        nodes.start("page", {"listen_port": 0})
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        watcher = Watcher(nodes)
        try:
            measure(watcher, nodes, seconds)
        finally:
            watcher.close()
            rclpy.try_shutdown()


def measure(watcher: Watcher, nodes: NodeProcesses, seconds: float) -> None:
    """Print all that is measured."""
    log, server = nodes.log("page"), psutil.Process(nodes.pid("page"))
    watcher.wait(lambda: "to look on" in log.read_text(), "page", WAIT)
    addresses = dict(re.findall(r"to (operate|look on), open (\S+)", log.read_text()))
    page = PageClient(addresses["operate"])
    watcher.wait(lambda: page.shows("a on b") and len(watcher.places) > 0, "the demonstration's picture", WAIT)
    print("| the page while | share of a core | kB/s to a page |")
    print("|---|---|---|")

    def cost(what: str, deed: Callable[[], object]) -> None:
        cpu, began, received = server.cpu_times(), time.monotonic(), page.received
        deed()
        page.shows("")  # to receive what has come
        took, now = time.monotonic() - began, server.cpu_times()
        share = (now.user + now.system - cpu.user - cpu.system) / took
        print(f"| {what} | {share:.0%} | {(page.received - received) / took / 1000:.0f} |", flush=True)

    cost("nothing happens", lambda: watcher.let_pass(seconds))
    targets: list[tuple[float, float]] = []
    cost("the gripper is dragged", lambda: targets.extend(drag(page, watcher, seconds)))
    places = np.array(watcher.places)
    beyond = stop(page, watcher)
    rest = release(page, watcher)
    if PROGRAM is not None:
        frames = frame_rate(addresses["look on"], page, watcher, seconds)
    imitate(page, watcher)
    cost("it imitates", lambda: watcher.let_pass(min(seconds, 8.0)))
    onlookers = [PageClient(addresses["look on"]) for _ in range(ONLOOKERS)]
    watcher.let_pass(2.0)
    cost(f"it imitates, {ONLOOKERS} look on", lambda: watcher.let_pass(min(seconds, 8.0)))
    for one in (*onlookers, page):
        one.connection.close()
    print_drag(np.array(targets), places, beyond, rest)
    if PROGRAM is not None:
        print(f"\nChromium, {SCREEN[0]} x {SCREEN[1]}, drawn by software: {frames:.1f} pictures a second in a drag.")


def drag(page: PageClient, watcher: Watcher, seconds: float) -> list[tuple[float, float]]:
    """Drag the gripper to and fro; returns times (seconds of the machine's clock) and y (metres) of the pointer."""
    begin, started, targets = watcher.gripper.copy(), time.monotonic(), []
    page.grasp()
    while (passed := time.monotonic() - started) < seconds:
        place = begin + np.array([0.0, REACH * np.sin(2.0 * np.pi * passed / PERIOD), 0.0])
        page.drag(place)
        targets.append((time.monotonic(), float(place[1])))
        watcher.let_pass(CONTROL_PERIOD)
    page.drop()
    return targets


def stop(page: PageClient, watcher: Watcher) -> float:
    """Metres that the gripper goes beyond a pointer that stops at once."""
    begin, way = watcher.gripper.copy(), 0.0
    page.grasp()
    while way < REACH:
        way += STOP_SPEED * CONTROL_PERIOD
        page.drag(begin + np.array([0.0, way, 0.0]))
        watcher.let_pass(CONTROL_PERIOD)
    begun = len(watcher.places)
    watcher.let_pass(1.0)
    page.drop()
    return float(max(y for _, _, y in watcher.places[begun:]) - (begin[1] + way))


def frame_rate(address: str, page: PageClient, watcher: Watcher, seconds: float) -> float:
    """Pictures a second in a browser that looks on while the gripper is dragged."""
    with tempfile.TemporaryDirectory() as folder, Chromium(Path(folder), address, *SCREEN, seldom=False) as browser:
        watcher.wait(lambda: browser.shows("Sees blocks"), "the page in the browser", WAIT)
        watcher.let_pass(5.0)  # in which the scene is drawn first
        browser.evaluate(COUNT)
        begun = time.monotonic()
        drag(page, watcher, seconds)
        drawn: int = browser.evaluate("drawn")
        return drawn / (time.monotonic() - begun)


def release(page: PageClient, watcher: Watcher) -> float:
    """Seconds from the end of a drag amid a motion until the gripper rests."""
    page.grasp()
    page.drag(watcher.gripper + np.array([0.0, 0.3 if watcher.gripper[1] < 0.0 else -0.3, 0.0]))
    watcher.let_pass(0.6)
    page.drop()
    dropped = time.monotonic()
    watcher.let_pass(1.0)
    times, stamps, y = np.array(watcher.places).T
    moves = np.abs(np.gradient(y, stamps)) > RESTING
    return float(times[(times > dropped) & moves].max(initial=dropped) - dropped)


def imitate(page: PageClient, watcher: Watcher) -> None:
    """Have the demonstration imitated."""
    for button in ("Imitate ...", "Yes, move"):
        watcher.wait(partial(page.press, button), button, WAIT)
    watcher.wait(lambda: page.shows("stages, "), "imitation", WAIT)


def print_drag(targets: FloatArray, places: FloatArray, beyond: float, rest: float) -> None:
    """Print how the gripper followed."""
    times = np.arange(targets[0, 0] + PERIOD, targets[-1, 0], 0.005)
    wanted = np.interp(times, *targets.T)
    lags = np.arange(0.0, 0.5, 0.005)
    errors = [np.abs(np.interp(times + lag, places[:, 0], places[:, 2]) - wanted) for lag in lags]
    best = int(np.argmin([np.square(error).mean() for error in errors]))
    at_once = 1000.0 * np.percentile(errors[0], (50, 95))
    then = 1000.0 * np.percentile(errors[best], (50, 95))
    stamps = np.arange(places[0, 1], places[-1, 1], CONTROL_PERIOD)
    y = np.interp(stamps, places[:, 1], places[:, 2])[np.searchsorted(stamps, places[0, 1]) :]
    jerk = np.diff(y, 3) / CONTROL_PERIOD**3
    print(
        f"\nDragged to and fro at up to {2.0 * np.pi * REACH / PERIOD:.2f} m/s the gripper is where the pointer was "
        f"{1000.0 * lags[best]:.0f} ms before, to {then[0]:.0f} mm (median; 95 %: {then[1]:.0f} mm); from where the "
        f"pointer is, {at_once[0]:.0f} mm ({at_once[1]:.0f} mm). Jerk {rms(jerk):.1f} m/s³ (rms). "
        f"Where the pointer stops at once from {STOP_SPEED} m/s, it goes {1000.0 * beyond:.1f} mm too far. "
        f"At rest {1000.0 * rest:.0f} ms after it was let go."
    )


def rms(values: Sequence[float] | FloatArray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.square(values).mean()))


if __name__ == "__main__":
    main()
