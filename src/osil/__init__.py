"""One-shot imitation learning: a demonstration and the current scene go into a policy, a gripper motion comes out.

The public face, kept stable::

    from osil import Action, Demonstration, Observation, Progress, load_policy

    policy = load_policy("stacking")
    policy.reset(demonstration, seed=0)
    action = policy.act(observation)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osil.core import Action, Demonstration, Observation
    from osil.policies.load import load_policy
    from osil.tasks.progress import Progress

__all__ = ["Action", "Demonstration", "Observation", "Progress", "load_policy"]

_HOMES = {
    "Action": "osil.core",
    "Demonstration": "osil.core",
    "Observation": "osil.core",
    "Progress": "osil.tasks.progress",
    "load_policy": "osil.policies.load",
}


def __getattr__(name: str) -> Any:
    """Import numpy only once a part is wanted, and torch only once a policy is."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
