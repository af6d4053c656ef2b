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
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import rclpy
from fetch_stream import FETCH, LEFT, Commander, start
from fetch_trial import Fault, Outcome, Trial
from lifecycle_msgs.msg import Transition
from rclpy.signals import SignalHandlerOptions

from osil import seeds
from osil.core import FloatArray
from osil.geometry import rotate_z
from osil.robots.kinematics import GripperPose
from osil.robots.stop_reasons import StopReason
from osil.ros.node_processes import NodeProcesses
from robots.faults import PLACES
from ros.fake_fetch import FakeFetch
from ros.fake_tracker import FakeTracker

SLOWLY = 0.05
"""m/s, so that an arm that does not move is not missed at once."""

UP = np.array([0.0, 0.0, 1.0])

COLUMNS = (
    "what goes wrong",
    "reason",
    "at rest after, p50 [s]",
    "max [s]",
    "speed told [%]",
    "acceleration told [%]",
    "motion after that [mrad]",
    "goes on after resume",
)


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
        for name, fault in faults(trial).items():
            if options.only in (None, name):
                outcomes = [trial.run(fault, 1 - 2 * (each % 2)) for each in range(options.injections)]
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
        f"{100 * worst[0]:.0f}",
        f"{100 * worst[1]:.0f}",
        f"{1e3 * worst[2]:.1f}",
        f"{sum(one.goes_on for one in outcomes)} of {len(outcomes)}",
    ]


def set_all(thing: object, values: Mapping[str, object]) -> None:
    """Set attributes."""
    for name, value in values.items():
        setattr(thing, name, value)


def outwards(gripper: GripperPose) -> FloatArray:
    """``[3]`` unit vector, base frame, away from the axis about which the arm turns."""
    away = np.append(gripper.position[:2] - FETCH.kinematics.axis, 0.0)
    return np.asarray(away / np.linalg.norm(away))


def faults(trial: Trial) -> Mapping[str, Fault]:
    """By what goes wrong."""
    fetch, commander, processes = trial.fetch, trial.commander, trial.processes

    def robot(**values: object) -> Fault:
        return Fault(partial(set_all, fetch, values), fetch.honest)

    def command(**values: object) -> Fault:
        return Fault(partial(set_all, commander, values), commander.honest)

    def killed(node: str) -> Fault:
        return Fault(lambda: os.kill(processes.pid(node), signal.SIGKILL), lambda: trial.restart(node))

    def anew(reason: StopReason, **values: object) -> Fault:
        """The controller hears it from its start on."""

        def inject() -> None:
            processes.stop(["controller"])
            trial.forget()
            set_all(fetch, values)
            start(processes, "controller", fetch.port)

        return Fault(inject, fetch.honest, {reason})

    def place(velocity: Callable[[GripperPose], FloatArray]) -> Fault:
        return Fault(awaited=PLACES, velocity=velocity, brief=True)

    def slowly(gripper: GripperPose) -> FloatArray:
        return SLOWLY * rotate_z(LEFT, gripper.yaw)

    return {
        "nothing is commanded any more": command(silent=True),
        "commands 0.5 s old": command(ahead=-0.5),
        "commands 0.5 s ahead": command(ahead=0.5),
        "commands not finite": command(velocity=np.full(3, np.nan)),
        "commands in another frame": command(frame="base_link"),
        "commanded down": place(lambda gripper: -0.4 * UP),
        "commanded up and outwards": place(lambda gripper: 0.6 * UP + 0.3 * outwards(gripper)),
        "commanded outwards": place(lambda gripper: 0.4 * outwards(gripper)),
        "commanded inwards": place(lambda gripper: -0.4 * outwards(gripper)),
        "commanded amid a planned motion": Fault(
            trial.set_off, commander.honest, {StopReason.OTHER_MOTION}, brief=True
        ),
        "the operator's stop": Fault(lambda: trial.demand("controller/stop")),
        "controller deactivated": Fault(
            partial(trial.change, Transition.TRANSITION_DEACTIVATE),
            partial(trial.change, Transition.TRANSITION_ACTIVATE),
        ),
        "run-stop": robot(runstopped=True),
        "fault": robot(faulted=True),
        "breaker": robot(breaker_tripped=True),
        "goals are not heeded": replace(
            robot(deaf=True), awaited={StopReason.ARM_UNMOVED, StopReason.TRACKING_ERROR}, velocity=slowly
        ),
        "the fingers do not move": Fault(trial.grip_in_vain, trial.open, {StopReason.GRIPPER_UNMOVED}),
        "joint beyond its limits": robot(absurd={"elbow_flex_joint": 9.0}),
        "joint drifts by 1 rad/s": robot(drift={"shoulder_pan_joint": 1.0}),
        "controller started anew, a joint is not reported": anew(
            StopReason.MISSING_JOINT_STATE, unreported=frozenset({"elbow_flex_joint"})
        ),
        "controller started anew, the wrist is bent": anew(
            StopReason.TILT, absurd={"wrist_flex_joint": FETCH.ready()[5] - 0.5}
        ),
        "joint states frozen, stamps too": robot(frozen=True),
        "joint states frozen, stamps new": robot(stuck=True),
        "everything 0.5 s late": robot(lag=0.5),
        "connection silent for that second": robot(mute=True),
        "connection broken off": Fault(fetch.unplug, fetch.plug_in),
        "bridge killed": killed("fetch_bridge"),
        "controller killed": killed("controller"),
    }


if __name__ == "__main__":
    main()
