"""What a person chooses by name, in configurations and on the command line. Each list of names stands here alone.

The command line needs the lists before it imports anything else, so this file imports nothing of osil.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

WorldKind = Literal["pybullet", "kinematic"]
"""Worlds of block stacking: contact physics, or thousands of worlds at once without dynamics."""

Arrangement = Literal["random", "parallel", "grid", "any"]
"""How blocks lie at the start. ``random``: anywhere, turned anyhow. ``parallel``: anywhere, parallel to the base frame,
as in the paper. ``grid``: on a grid parallel to the base frame. ``any``: each scene in one of these ways, or between
them."""

TeacherKind = Literal["expert", "human"]
"""Who shows a task: the scripted expert, or a human-like teacher."""

MishapKind = Literal["drop", "wrong_block"]
"""What happens once in an episode: a block drops, or a wrong one gets into the fingers."""

BaselineKind = Literal["replay", "layout"]
"""Policies without a network: the demonstrated path gone again, or the final layout built by the scripted expert."""

NoiseKind = Literal["mixed", "paper", "none"]
"""How collected actions are disturbed, see ``osil.data.labelled_trajectories``."""

DemonstrationFormat = Literal["mcap", "hdf5"]
"""How demonstrations are kept: a file each, as a person records them, or hundreds of labelled ones in a file."""

Architecture = Literal["plain_lstm", "lstm_attention", "final_state"]
"""Of a network for particle reaching, see ``osil.networks.reaching``."""

ReachingRecipe = Literal["paper", "better", "paper_longer", "better_longer"]
"""How networks for particle reaching are trained: ``config/training/particle_*.yaml``."""

ROBOT = "a name in config/robots, or the path of a .yaml file"
MODEL = "a released model by its name in models/, or the path of a model folder"
TASK = "towers with the top block first, distractors as +x, such as: ab cde +f"
"""What may be given as a robot, a model and a task."""


def names(kind: Any) -> tuple[str, ...]:
    """The names of one of the lists above."""
    return get_args(kind)
