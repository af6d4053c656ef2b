"""When the arm is where on a path of straight lines in joint space."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from osil.core import FloatArray
from osil.robots.trajectory import Trajectory

STILL = 1e-6
"""Radians. A corner that is no further from the last one is none."""

SHORT = 1e-3
"""Seconds. Who would go on evenly for less speeds up a little more slowly instead, up to the same speed."""


def timed(path: FloatArray, speed: FloatArray, acceleration: FloatArray) -> Trajectory:
    """The quickest motion along a path that rests at each corner, where no joint is too fast or speeds up too much.

    On each line all joints speed up evenly, go on evenly and slow down evenly, in the same proportion.

    Args:
        path: ``[K, J]`` corners, radians.
        speed, acceleration: ``[J]`` limits, radians a second, and a second squared.
    """
    times, positions, velocities = [0.0], [path[0]], [np.zeros_like(path[0])]
    for start, end in pairwise(path):
        change = end - start
        if np.abs(change).max() < STILL:
            continue
        # Shares of the line, a second: the greatest speed and how fast it can be reached.
        fastest = 1.0 / float((np.abs(change) / speed).max())
        quickening = 1.0 / float((np.abs(change) / acceleration).max())
        ramp = min(fastest / quickening, 1.0 / np.sqrt(quickening))
        reached = quickening * ramp
        cruise = max(0.0, 1.0 / reached - ramp)
        if cruise < SHORT:
            ramp, cruise = ramp + cruise, 0.0
        knots = [(ramp, 0.5 * reached * ramp, reached), (2 * ramp + cruise, 1.0, 0.0)]
        if cruise:
            knots.insert(1, (ramp + cruise, 1.0 - 0.5 * reached * ramp, reached))
        began = times[-1]
        for seconds, share, pace in knots:
            times.append(began + seconds)
            positions.append(start + share * change)
            velocities.append(pace * change)
    return Trajectory(np.array(times), np.array(positions), np.array(velocities))
