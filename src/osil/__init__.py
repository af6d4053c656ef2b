"""One-shot imitation learning: a demonstration and the current scene go into a policy, a gripper motion comes out.

The public face, kept stable::

    from osil import Action, Demonstration, Observation, load_policy

    policy = load_policy("models/stacking")
    policy.reset(demonstration, seed=0)
    action = policy.act(observation)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osil.core import Action, Demonstration, Observation

if TYPE_CHECKING:
    from osil.policy import load_policy

__all__ = ["Action", "Demonstration", "Observation", "load_policy"]


def __getattr__(name: str) -> Any:
    """Import torch only once a policy is wanted."""
    if name == "load_policy":
        from osil.policy import load_policy

        return load_policy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
