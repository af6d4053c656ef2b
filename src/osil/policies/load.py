"""Loads a policy of any kind: the format of its folder says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osil.core import Policy
from osil.policies import reaching, stacking
from osil.policies.model_folder import read_format
from osil.policies.reaching import ReachingPolicy
from osil.policies.stacking import StackingPolicy

_POLICIES: dict[str, type[StackingPolicy] | type[ReachingPolicy]] = {
    stacking.FORMAT: StackingPolicy,
    reaching.FORMAT: ReachingPolicy,
}


def load_policy(path: str | Path) -> Policy[Any, Any]:
    """Read a model folder, given by path, or a released model by its name in ``models/``.

    Whoever needs one kind of policy calls its ``load``, which refuses the others.

    Returns:
        A ``StackingPolicy`` for block stacking or a ``ReachingPolicy`` for particle reaching.

    Raises:
        ModelError: the folder or a file is missing or damaged, of a format that this version does not know, or the
            weights do not fit the network.
    """
    return _POLICIES[read_format(path)].load(path)
