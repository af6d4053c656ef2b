"""Imitations by nodes that have just been started."""

from __future__ import annotations

from collections.abc import Callable

from osil.ros.client import Client, Refused
from osil_interfaces.action import Imitate

PATIENCE = 60
"""Times that an imitation is asked for: the policy loads its network, and looks around, before it takes one."""


def imitate(
    client: Client,
    demonstration: str,
    seconds: float,
    tell: Callable[[Imitate.Feedback], None] = lambda feedback: None,
) -> Imitate.Result:
    """How it went, as soon as the policy sees enough to begin.

    Raises:
        Refused: it never did.
    """
    for _ in range(PATIENCE):
        try:
            return client.imitate(demonstration, seconds, 0, tell)
        except Refused as refusal:
            last = refusal
            client.scene()
    raise last
