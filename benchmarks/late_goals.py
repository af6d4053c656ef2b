"""How a Fetch is told to accelerate when goals come late, stepped without ROS: shares of the limits.

    python benchmarks/late_goals.py [--motions 10] [--seed 0]

The gripper goes from one random place over the table to the next, then the operator stops it. Between the safety gate
and the vendor's controller, as the tests have it, goals are on the way for a while. That controller looks for a new one
50 times a second.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from gate_faults import Operator, random_place

from osil.core import FloatArray
from osil.robots.kinematics import GripperPose
from osil.robots.stop_reasons import StopReason
from osil.worlds.arm_simulation import PHYSICS_STEP
from robots.bridged_arm import BridgedArm
from robots.faults import FAULTS
from robots.gate import FETCH
from ros.fetch_controllers import FollowJointTrajectory

WINDOW = 6
"""Physics steps, 25 ms, over which an acceleration is taken."""

LATENESS: dict[str, Callable[[np.random.Generator], float]] = {
    "at once": lambda rng: 0.0,
    "up to 20 ms late": lambda rng: rng.uniform(0.0, 0.02),
    "one of ten 40 ms late": lambda rng: 0.04 * (rng.random() < 0.1),
    "one of ten 80 ms late": lambda rng: 0.08 * (rng.random() < 0.1),
}

COLUMNS = "goals come", "amid motion, p50 [%]", "max [%]", "after the stop, p50 [%]", "max [%]"


def move(lateness: Callable[[np.random.Generator], float], rng: np.random.Generator) -> tuple[float, float]:
    """Greatest acceleration, as a share of its limit, amid one motion and after its stop."""
    pose, controller = GripperPose(random_place(rng), np.array(0.0)), FollowJointTrajectory(FETCH.arm_joints)
    arm = BridgedArm(pose, controller, lambda: lateness(rng))
    operator = Operator(arm, rng)
    operator.drive(rng.uniform(2.0, 4.0))
    stopped = len(arm.went)
    FAULTS[StopReason.OPERATOR_STOP].inject(arm)
    operator.drive(1.0)
    return _acceleration(arm.went[:stopped]), _acceleration(arm.went[stopped - WINDOW :])


def _acceleration(joints: list[FloatArray]) -> float:
    speeds = np.diff(joints, axis=0) / PHYSICS_STEP
    changes = (speeds[WINDOW:] - speeds[:-WINDOW]) / (WINDOW * PHYSICS_STEP)
    return float((np.abs(changes) / FETCH.acceleration).max())


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--motions", type=int, default=10, help="with each lateness")
    parser.add_argument("--seed", type=int, default=0, help="of motions and lateness")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name, lateness in LATENESS.items():
        rngs = [np.random.default_rng((options.seed, each)) for each in range(options.motions)]
        columns = np.transpose([move(lateness, rng) for rng in rngs])
        shares = [share for column in columns for share in (np.median(column), column.max())]
        print(f"| {name} | {' | '.join(f'{100 * share:.0f}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
