"""What the safety gate does just now, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from osil.robots.stop_reasons import StopReason


class State(Enum):
    """What the gate does."""

    HOLDING = "nothing moves just now; goes on by itself"
    FOLLOWING = "commands are followed"
    STOPPED = "nothing moves until what the reason asks for has been done"


@dataclass(frozen=True)
class Status:
    """What the gate does, and why.

    Attributes:
        state: see ``State``.
        commander: who is followed, or was last; empty: nobody yet.
        reason: why it does not follow; None while it does.
        text: the same for people, and what to do.
    """

    state: State
    commander: str
    reason: StopReason | None
    text: str
