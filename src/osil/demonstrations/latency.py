"""How late and how far the arm acts, and what will be seen once the actions under way are carried out.

Between a command and its motion lie a network, a driver, and a tracker that reports what has moved. A policy that does
not know goes on for so many steps after it should have stopped: it presses a block onto a tower, and high towers
topple. A demonstration has what was commanded beside what was seen, so it shows by how much the one comes after the
other. With that, the policy answers what it will see when its answer takes effect (a Smith predictor whose model is a
gripper that moves as told). The demonstration may come from another arm, so the latency is measured while acting, too,
and so is by how much the arm is slowed down, as a robot's is for safety: who takes it to have made a motion of which it
made a third thinks that it has arrived.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from osil.core import Action, Demonstration, FloatArray, Observation
from osil.demonstrations.gripper_motion import gripper_motion, motion_between
from osil.geometry import clip_norm, rotate_z, wrap_cube_yaw
from osil.tasks.blocks import NOMINAL, in_fingers

MOST = 4
"""Greatest latency that is looked for, control steps."""

FOLLOWED = 0.5
"""An arm that makes less than this of the motion that was commanded did not act on these commands."""


def latency_shown(demonstration: Demonstration[Observation, Action]) -> int:
    """Control steps, 0 to ``MOST``, by which what is seen to move comes after the action that moved it.

    The shift in time at which displacements and motions differ least. 0 where no shift makes them alike, as when the
    arm was guided by hand.
    """
    motion = gripper_motion(demonstration.observations)[0][MOST:]
    commanded = demonstration.actions.displacement[:-1]
    if not len(motion):
        return 0
    shifted = [commanded[MOST - late : len(commanded) - late] for late in range(MOST + 1)]
    best = int(np.argmin([((motion - one) ** 2).sum() for one in shifted]))
    followed = (motion * shifted[best]).sum() > FOLLOWED * (shifted[best] ** 2).sum()
    return best if followed else 0


AGILITY = 0.010
"""An arm is taken to change its motion by up to so much in a control step (metres) where its command changes more."""

FORGET = 0.99
"""What was measured counts so much less with every control step: half of it after 69."""

WHOLLY = 0.8
"""An arm that makes at least this share of the motion that is commanded does as it is told; the rest is lag."""

FULL_SPEED = 1e-3
"""An arm of which little is known counts as one that did as it was told, in steps of this sum of squares, m^2."""

BETTER, EVIDENCE = 0.7, 1e-4
"""Another latency is believed once its squared errors are less than this share of those of the one believed so far, and
by this much less, m^2."""


class LatencyMeter:
    """Measures in each of N scenes how the arm acts: the command of how long ago changes its motion, and to what share.

    Attributes:
        latency: ``[N]`` control steps, 0 to ``MOST``, as far as is known.
        share: ``[N]`` part of the commanded motion that is made, at most 1: a robot may be slowed down.

    Args:
        latency: ``[N]`` what to believe at first.
    """

    def __init__(self, latency: np.ndarray) -> None:
        self.latency, self.share = latency.copy(), np.ones(len(latency))
        self._followed = self._asked = np.full((len(latency), MOST + 1), FULL_SPEED)
        self._errors = np.zeros((len(latency), MOST + 1))
        still: FloatArray = np.zeros((len(latency), 3))
        self._commanded, self._motion = deque([still] * (MOST + 1), maxlen=MOST + 1), still
        self._before: Observation | None = None

    def add(self, action: Action) -> None:
        """An action, leading ``[N]``, that is sent now."""
        self._commanded.appendleft(action.displacement)

    def look(self, seen: Observation) -> None:
        """What is seen, leading ``[N]``, a control step later."""
        if self._before is not None:
            motion, _ = motion_between(self._before, seen)
            commanded = np.stack(self._commanded, axis=1)
            self._followed = FORGET * self._followed + (commanded * motion[:, None]).sum(-1)
            self._asked = FORGET * self._asked + (commanded**2).sum(-1)
            share = (self._followed / self._asked).max(-1)  # the right latency is that at which it is greatest
            self.share = np.where(share < WHOLLY, np.maximum(share, 0.0), 1.0)
            change = clip_norm(self.share[:, None, None] * commanded - self._motion[:, None], AGILITY)
            errors = ((motion - self._motion)[:, None] - change) ** 2
            self._errors = FORGET * self._errors + errors.sum(-1)
            rows, best = np.arange(len(motion)), self._errors.argmin(-1)
            least, own = self._errors[rows, best], self._errors[rows, self.latency]
            self.latency = np.where((least < BETTER * own) & (own - least > EVIDENCE), best, self.latency)
            self._motion = motion
        self._before = seen


class UnderWay:
    """The last actions in each of N scenes that have not taken effect yet."""

    def __init__(self) -> None:
        self._actions: deque[Action] = deque(maxlen=MOST)

    def add(self, action: Action) -> None:
        """Send an action, leading ``[N]``, on its way."""
        self._actions.append(action)

    def anticipate(self, seen: Observation, latency: np.ndarray, share: FloatArray) -> Observation:
        """What will be seen, leading ``[N]``, when an action that is chosen now takes effect.

        Args:
            seen: now, leading ``[N]``.
            latency: ``[N]`` control steps after which an action takes effect.
            share: ``[N]`` part of the motion that is made.
        """
        for age in range(min(len(self._actions), int(latency.max())), 0, -1):
            due = share * (latency >= age)
            action = self._actions[-age]
            made = Action(due[:, None] * action.displacement, action.close_gripper, due * action.yaw_step)
            seen = carried_out(made, seen)
        return seen


def carried_out(action: Action, seen: Observation) -> Observation:
    """What will be seen after ``action``: the gripper moves and takes along what it holds. Fingers stay.

    Args:
        action: leading ``[N]``.
        seen: leading ``[N]``, at the scale of nominal blocks, as the policy sees them.
    """
    positions, yaws = seen.block_positions, seen.block_yaws
    held = in_fingers(seen, NOMINAL) & action.close_gripper[:, None]
    moved = rotate_z(positions - action.displacement[:, None], -action.yaw_step[:, None])
    turned = wrap_cube_yaw(yaws - action.yaw_step[:, None])
    return Observation(np.where(held[..., None], positions, moved), seen.gripper_opening, np.where(held, yaws, turned))
