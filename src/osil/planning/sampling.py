"""OMPL, imported here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ompl import base, geometric, util

from osil.core import FloatArray
from osil.planning.collisions import STEP

PATIENCE = 10.0
"""Seconds of planning after which no path counts as found."""

SMOOTHING = 2.0
"""Seconds for taking out corners."""


def sample_path(
    start: FloatArray, goal: FloatArray, lower: FloatArray, upper: FloatArray, free: Callable[[FloatArray], bool]
) -> FloatArray | None:
    """A path ``[K, J]`` of straight lines from ``start`` to ``goal``, by RRT-Connect; None: none was found.

    Args:
        start, goal: ``[J]`` free, radians.
        lower, upper: ``[J]`` between which the path stays.
        free: whether the arm may be at ``[J]``.
    """
    util.setLogLevel(util.LOG_ERROR)
    count = len(start)
    bounds = base.RealVectorBounds(count)
    for joint in range(count):
        bounds.setLow(joint, float(lower[joint]))
        bounds.setHigh(joint, float(upper[joint]))
    space = base.RealVectorStateSpace(count)
    space.setBounds(bounds)
    setup = geometric.SimpleSetup(space)
    information = setup.getSpaceInformation()
    setup.setStateValidityChecker(lambda state: free(np.array([state[joint] for joint in range(count)])))
    # As far apart as ``STEP``, if all joints move alike.
    information.setStateValidityCheckingResolution(STEP / np.sqrt(count) / space.getMaximumExtent())
    setup.setPlanner(geometric.RRTConnect(information))
    ends = [space.allocState(), space.allocState()]
    for state, joints in zip(ends, (start, goal), strict=True):
        for joint in range(count):
            state[joint] = float(joints[joint])
    setup.setStartAndGoalStates(*ends)
    setup.solve(PATIENCE)
    if not setup.haveExactSolutionPath():
        return None
    setup.simplifySolution(SMOOTHING)
    return np.array([[state[joint] for joint in range(count)] for state in setup.getSolutionPath().getStates()])
