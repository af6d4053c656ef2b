"""A demonstration in the making."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from osil.core import Action, Demonstration, Observation
from osil.demonstrations import storage
from osil.ros import convert
from osil.ros.observing import Seen


class Recording:
    """The steps of one demonstration so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[Seen] = []
        self.actions: list[Action] = []

    @property
    def duration(self) -> float:
        """Seconds from the first step to the latest."""
        stamps = [seen.nanoseconds for seen in self.seen]
        return (stamps[-1] - stamps[0]) / convert.NANOSECONDS if stamps else 0.0

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            DemonstrationError: too few steps, or the file cannot be written.
        """
        demonstration = Demonstration(
            Observation.stack([seen.observation for seen in self.seen]), Action.stack(self.actions)
        )
        stamps = np.array([seen.nanoseconds for seen in self.seen])
        storage.save(demonstration, path, self.name, self.seen[0].block_names, stamps)
