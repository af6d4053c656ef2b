"""Runs all nodes for hours, teaching and imitating in a loop, and watches what could grow.

    python benchmarks/soak.py --hours 2 --output results/soak
    python benchmarks/soak.py --hours 1 --page --output results/soak/page

With ``--page`` the page in the browser runs, too, and somebody looks on.

One line a cycle goes to ``soak.jsonl``: how the imitation ended, for every node its memory, open files (sockets among
them) and threads, how late the policy's commands were, and how much the onlooker has received. ``soak.png`` draws them
over time. Interrupt it at any time; what was measured is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import psutil
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger
from tqdm import tqdm

from osil.core import CONTROL_PERIOD, NANOSECONDS
from osil.errors import OsilError
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client, Refused
from osil.ros.demo import TASKS, TEACHING_SECONDS
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.judge import step_limit

if TYPE_CHECKING:
    from ros.page.page_client import PageClient


WAIT = 60.0
"""Seconds in which the page has to say where it is."""


class Watcher(Client):
    """A client that also notes when the policy's commands are due and when they come."""

    def __init__(self, processes: NodeProcesses) -> None:
        super().__init__(processes, load_robot("fetch"))
        self.stamps: list[int] = []
        self.create_subscription(TwistStamped, topics.GRIPPER_TWIST, self._note_twist, 10)

    def _note_twist(self, message: TwistStamped) -> None:
        self.stamps.append(convert.to_nanoseconds(message.header.stamp))

    def lateness(self) -> list[float]:
        """Median, 99th percentile and greatest seconds between two commands beyond a control period."""
        late = np.diff(self.stamps) / NANOSECONDS - CONTROL_PERIOD
        self.stamps.clear()
        return np.percentile(late, [50, 99, 100]).round(4).tolist() if len(late) else []

    def recover(self) -> None:
        """Forget a recording that was left half done, and let a controller that has stopped go on."""
        for service in ("recorder/discard", "controller/resume"):
            with suppress(Refused):
                self._demand(service, Trigger)


def look_on(client: Client, processes: NodeProcesses) -> PageClient:
    """Somebody who looks on at the page."""
    log = processes.log("page")
    client.wait(lambda: "to look on" in log.read_text(), "page", WAIT)
    (address,) = re.findall(r"to look on, open (\S+)", log.read_text())
    sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
    from ros.page.page_client import PageClient  # which needs viser

    return PageClient(address)


def usage(processes: NodeProcesses, nodes: Sequence[str]) -> dict[str, list[float]]:
    """For every node: resident memory [MB], open files, threads, processor seconds since its start."""
    found = {}
    for node in nodes:
        process = psutil.Process(processes.pid(node))
        with process.oneshot():
            times = process.cpu_times()
            memory = round(process.memory_info().rss / 1e6, 2)
            found[node] = [memory, process.num_fds(), process.num_threads(), round(times.user + times.system, 1)]
    return found


def cycle(client: Watcher, index: int) -> dict[str, object]:
    """Teach one task in one layout, imitate it in another."""
    task = StackingTask.parse(TASKS[index % len(TASKS)])
    client.reset_scene(task.num_blocks, 2 * index)
    try:
        client.teach(str(task), f"{index:05d}", TEACHING_SECONDS)
        client.reset_scene(task.num_blocks, 2 * index + 1)
        client.stamps.clear()
        result = client.imitate(f"{index:05d}", step_limit(task) * CONTROL_PERIOD, index, lambda feedback: None)
    except OsilError as error:
        client.recover()
        return {"task": str(task), "reached": False, "reason": str(error), "late": client.lateness()}
    reached = bool(layout_reached(task, client.scene(), NOMINAL))
    if not reached:
        client.recover()
    return {"task": str(task), "reached": reached, "reason": result.reason, "late": client.lateness()}


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Memory, open files, threads and lateness over hours."""
    hours = np.array([row["seconds"] for row in rows]) / 3600
    figure, axes = plt.subplots(4, 1, figsize=(8, 10), sharex=True, layout="constrained")
    for column, (axis, name) in enumerate(zip(axes, ("memory [MB]", "open files", "threads"), strict=False)):
        for node in rows[0]["nodes"]:
            axis.plot(hours, [row["nodes"][node][column] for row in rows], label=node)
        axis.set_ylabel(name)
        axis.set_ylim(bottom=0)
    axes[0].legend(ncols=len(rows[0]["nodes"]), fontsize="small")
    for column, name in enumerate(("median", "99 %", "greatest")):
        late = [1e3 * row["late"][column] if row["late"] else np.nan for row in rows]
        axes[3].plot(hours, late, ".", markersize=3, label=name)
    axes[3].set_ylabel("command late [ms]")
    axes[3].legend(ncols=3, fontsize="small")
    axes[3].set_xlabel("hours")
    reached = sum(row["reached"] for row in rows)
    figure.suptitle(f"{len(rows)} tasks taught once and imitated, {reached} reached")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--real-time-factor", type=float, default=1.0)
    parser.add_argument("--page", action="store_true", help="run the page in the browser, too, and look on")
    parser.add_argument("--output", type=Path, default=Path("results/soak"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    rows: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        NodeProcesses(options.output / "logs", {"OMP_NUM_THREADS": "1"}) as processes,
        (options.output / "soak.jsonl").open("w", encoding="utf-8") as file,
        tqdm(total=options.hours, unit="h", bar_format="{l_bar}{bar}| {n:.2f} of {total:.2f} h{postfix}") as bar,
    ):
        nodes = (*SIMULATION_NODES, "page") if options.page else SIMULATION_NODES
        own: dict[str, dict[str, object]] = {node: {"demonstrations": folder} for node in ("recorder", "policy")}
        own |= {"simulation": {"real_time_factor": options.real_time_factor}, "page": {"listen_port": 0}}
        for node in nodes:
            processes.start(node, own.get(node))
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        client = Watcher(processes)
        onlooker = look_on(client, processes) if options.page else None
        header = {
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "real_time_factor": options.real_time_factor,
        }
        file.write(json.dumps(header) + "\n")
        began = time.monotonic()
        try:
            while (seconds := time.monotonic() - began) < 3600 * options.hours:
                row = {**cycle(client, len(rows)), "seconds": round(seconds, 1), "nodes": usage(processes, nodes)}
                if onlooker is not None:
                    row["shown"] = onlooker.shows("Sees blocks")
                    row["received"] = onlooker.received
                rows.append(row)
                file.write(json.dumps(row) + "\n")
                file.flush()
                bar.update(min((time.monotonic() - began) / 3600, options.hours) - bar.n)
                bar.set_postfix_str(f", {sum(row['reached'] for row in rows)} of {len(rows)} reached")
                if len(rows) % 20 == 0:
                    draw(rows, options.output / "soak.png")
        except KeyboardInterrupt:
            pass
        finally:
            client.close()
            rclpy.try_shutdown()
    if rows:
        draw(rows, options.output / "soak.png")


if __name__ == "__main__":
    main()
