"""What happens to an arm behind the safety gate when something goes wrong amid its motion: each reason to stop.

    python benchmarks/gate_faults.py [--injections 20] [--seed 0] [--picture stops.png]

The gripper goes from one random place over the table to the next. At a random moment a fault is injected, and commands
go on. The gate stands before PyBullet's contact physics, without ROS and stepped: a seed gives the same numbers however
busy the machine is. The faults are those of the tests.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from osil.core import CONTROL_PERIOD, FloatArray
from osil.files import check_output_file
from osil.geometry import rotate_z
from osil.robots.clearance import clearances
from osil.robots.gate_status import State
from osil.robots.kinematics import GripperPose
from osil.robots.stop_reasons import ClearedBy, StopReason
from osil.worlds.arm_simulation import PHYSICS_STEP
from robots.faults import FAULTS, PASSING, PLACES
from robots.gate import CONFIG, FETCH
from robots.gated_arm import TELEOPERATION, GatedArm
from robots.simulated_arm import SimulatedArm

AFTER = 1.5
"""Seconds for which the fault lasts after the reason was given, while commands go on. Where it is a limit of the places
where the arm may be, they end; then the gripper is commanded beyond it once more for so long."""

LONGEST = 20.0
"""Seconds within which the reason must be given. Fingers are given 3 s, and a limit may be far away."""

SETTLING = 1.2
"""Seconds for which commands go on when all is well again, before the gate is told to resume or let go, and after."""

MOVING = 0.01
"""Radians a second from which on a joint moves."""

GOES_ON = 0.02
"""Radians by which a joint must have moved when the arm goes on."""

BEFORE, LATE = 0.3, 0.1
"""Seconds that are drawn before the injection; seconds that the joints may take to rest after they are told to."""

DRAWN = (StopReason.NO_COMMAND, StopReason.STALE_JOINT_STATE, StopReason.OPERATOR_STOP, StopReason.REACH)

COLUMNS = (
    "reason",
    "what goes wrong",
    "given after, p50 [s]",
    "max [s]",
    "at rest after, p50 [s]",
    "max [s]",
    "speed told [%]",
    "of the joints [%]",
    "acceleration told [%]",
    "of the joints [%]",
    "beyond a place [mm, mrad]",
    "motion after the hold [mrad]",
    "motion before it goes on [mrad]",
    "goes on",
)


class Operator:
    """Commands the gripper from one random place over the table to the next, to another one if it is not let there."""

    def __init__(self, arm: GatedArm, rng: np.random.Generator) -> None:
        self._arm, self._rng = arm, rng
        self._choose()

    def _choose(self) -> None:
        self._goal, self._turn = random_place(self._rng), self._rng.uniform(-1.0, 1.0)

    def command(self) -> None:
        gripper = self._arm.gripper
        led_nowhere = self._arm.gate.status.reason in PLACES
        if led_nowhere or np.linalg.norm(self._goal - gripper.position) < 0.05:
            self._choose()
        left = self._goal - gripper.position
        speed = FETCH.limits.max_step / CONTROL_PERIOD / np.linalg.norm(left)
        self._arm.say(rotate_z(speed * left, -gripper.yaw), self._turn, TELEOPERATION)

    def drive(self, seconds: float) -> None:
        """One command each control period."""
        for _ in range(round(seconds / CONTROL_PERIOD)):
            self.command()
            self._arm.rest(CONTROL_PERIOD)


def random_place(rng: np.random.Generator) -> FloatArray:
    """Of the gripper ``[3]``, over the table, metres."""
    low, high = np.transpose([FETCH.start.x, FETCH.start.y, FETCH.start.height])
    x, y, height = rng.uniform(low, high)
    return np.array([x, y, FETCH.table.height + height])


@dataclass(frozen=True, eq=False)
class Motion:
    """T physics steps of an arm with J joints.

    Attributes:
        told: ``[T, J]`` radians.
        joints: the same of where they were.
    """

    told: FloatArray
    joints: FloatArray

    @classmethod
    def of(cls, arm: GatedArm, since: int = 0) -> Motion:
        return cls(np.array(arm.path[since:]), np.array(arm.went[since:]))

    @property
    def speeds(self) -> tuple[FloatArray, FloatArray]:
        """``[T - 1, J]`` radians a second, of what was told and of the joints."""
        return np.diff(self.told, axis=0) / PHYSICS_STEP, np.diff(self.joints, axis=0) / PHYSICS_STEP

    @property
    def shares(self) -> FloatArray:
        """``[4]`` greatest speed told and of the joints, greatest acceleration of both, as shares of their limits."""
        speeds = self.speeds
        greatest = [np.abs(speed) / FETCH.speed for speed in speeds]
        greatest += [np.abs(np.diff(speed, axis=0)) / PHYSICS_STEP / FETCH.acceleration for speed in speeds]
        return np.array([each.max() for each in greatest])

    @property
    def extent(self) -> float:
        """By how much a joint moves at most, radians."""
        return float(np.ptp(self.joints, axis=0).max()) if len(self.joints) else 0.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of one injection: see ``COLUMNS``. Seconds, radians and metres.

    Attributes:
        reason: that was given.
        shares: see ``Motion``.
        motion: from ``BEFORE`` the injection on.
    """

    reason: StopReason
    given: float
    rest: float
    shares: FloatArray
    beyond: float
    after_hold: float
    before_going_on: float
    goes_on: bool
    motion: Motion


def inject(reason: StopReason, rng: np.random.Generator) -> Outcome:
    """Bring one reason about at a random moment of a random motion, and mend it."""
    fault, arm = FAULTS[reason], SimulatedArm(GripperPose(random_place(rng), np.array(rng.uniform(-0.5, 0.5))))
    operator = Operator(arm, rng)
    arm.rest(rng.uniform(0.0, CONTROL_PERIOD))  # the gate is watched at another time than it is commanded
    operator.drive(rng.uniform(1.0, 2.5))
    moment = rng.uniform(0.0, CONTROL_PERIOD)
    operator.command()
    arm.rest(moment)
    fault.inject(arm)
    begun, awaited = len(arm.said), PLACES if reason in PLACES else {reason}  # one edge can come before another
    arm.rest(CONTROL_PERIOD - moment)
    while not any(said.reason in awaited for said in arm.said[begun:]):
        if (len(arm.said) - begun) * PHYSICS_STEP > LONGEST:
            raise SystemExit(f"{reason.name} was not given within {LONGEST:g} s after: {fault.name}")
        operator.drive(CONTROL_PERIOD)
    if reason in PLACES:
        arm.rest(AFTER)
    else:
        operator.drive(AFTER)
    said = arm.said[begun:]
    if reason in PLACES:
        operator.drive(AFTER)
    before = min(begun, round(BEFORE / PHYSICS_STEP))
    drawn, during = Motion.of(arm, begun - before), Motion.of(arm, begun)
    left = clearances(arm.robot, during.joints, arm.lift, CONFIG.table_height)

    arm.forget()
    fault.end(arm)
    before_going_on = 0.0
    if reason.cleared_by is not ClearedBy.ITSELF:
        operator.drive(SETTLING)
        arm.rest(CONFIG.release_timeout + CONTROL_PERIOD)
        before_going_on = Motion.of(arm).extent
    if reason.cleared_by is ClearedBy.RESUME and (problem := arm.gate.resume(arm.now)):
        raise SystemExit(f"{reason.name}: {problem}")
    arm.forget()
    operator.drive(SETTLING)
    afterwards = Motion.of(arm)
    arm.close()

    given = next(index for index, one in enumerate(said) if one.reason in awaited)
    end = len(said)
    if reason in PASSING:
        end = next((index for index in range(given, end) if said[index].state is State.FOLLOWING), end)
    moving = np.flatnonzero((np.abs(during.speeds[0][: end - 1]) > MOVING).any(1))
    rest = int(moving.max(initial=-1)) + 1
    held = slice(rest + round(LATE / PHYSICS_STEP), end)
    return Outcome(
        reason=said[given].reason,
        given=(given + 1) * PHYSICS_STEP,
        rest=rest * PHYSICS_STEP,
        shares=np.maximum(during.shares, afterwards.shares),
        beyond=max(0.0, *(-float(each.min()) for each in left.values())),
        after_hold=Motion(during.told[held], during.joints[held]).extent,
        before_going_on=before_going_on,
        goes_on=afterwards.extent > GOES_ON,
        motion=drawn,
    )


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """The columns of the table but the first two."""
    given, rest = [one.given for one in outcomes], [one.rest for one in outcomes]
    lengths = [[one.beyond, one.after_hold, one.before_going_on] for one in outcomes]
    return [
        *(f"{seconds:.2f}" for times in (given, rest) for seconds in (np.median(times), max(times))),
        *(f"{100 * share:.0f}" for share in np.max([one.shares for one in outcomes], axis=0)),
        *(f"{1e3 * length:.1f}" for length in np.max(lengths, axis=0)),
        f"{sum(one.goes_on for one in outcomes)} of {len(outcomes)}",
    ]


def draw(outcomes: Mapping[StopReason, Outcome], path: Path) -> None:
    """Draw the speeds of the joints over time, from shortly before each injection on."""
    figure = Figure(figsize=(9.0, 2.2 * len(outcomes)), layout="constrained")
    rows = figure.subplots(len(outcomes), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (reason, outcome) in zip(rows, outcomes.items(), strict=True):
        told, joints = outcome.motion.speeds
        seconds = np.arange(len(told)) * PHYSICS_STEP - BEFORE
        axes.plot(seconds, told, linewidth=1.0)
        axes.set_prop_cycle(None)
        axes.plot(seconds, joints, linestyle=":", linewidth=2.5)
        axes.axvline(0.0, color="black", linewidth=0.8)
        axes.axvline(outcome.given, color="black", linewidth=0.8, linestyle="--")
        axes.set_title(f"{reason.name}: {FAULTS[reason].name}", loc="left", fontsize="medium")
        axes.set_ylabel("joints [rad/s]")
    rows[0].legend([name.removesuffix("_joint") for name in FETCH.arm_joints], ncols=4, fontsize="small")
    rows[-1].set_xlabel("seconds after the injection")
    figure.savefig(path, dpi=120)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--injections", type=int, default=20, help="of each fault")
    parser.add_argument("--seed", type=int, default=0, help="of motions and moments")
    parser.add_argument("--only", choices=[reason.name for reason in StopReason], help="one of the reasons")
    parser.add_argument("--picture", type=Path, help="the speeds of the joints at one injection each of a few reasons")
    options = parser.parse_args()
    check_output_file(options.picture)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    drawn = {}
    for number, reason in enumerate(StopReason):
        if options.only not in (None, reason.name):
            continue
        rngs = [np.random.default_rng((options.seed, number, each)) for each in range(options.injections)]
        outcomes = [inject(reason, rng) for rng in rngs]
        names = ", ".join(sorted({outcome.reason.name for outcome in outcomes}))
        print(f"| {names} | {FAULTS[reason].name} | {' | '.join(summary(outcomes))} |", flush=True)
        if reason in DRAWN or options.only:
            drawn[reason] = outcomes[0]
    if options.picture:
        draw(drawn, options.picture)


if __name__ == "__main__":
    main()
