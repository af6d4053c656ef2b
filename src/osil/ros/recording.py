"""A demonstration in the making."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from osil.core import Action, Demonstration, Observation
from osil.demonstrations import storage
from osil.demonstrations.names import to_text
from osil.demonstrations.partial import Partial
from osil.demonstrations.replay import Replay, ReplayStep
from osil.errors import ObservationError
from osil.robots.recency import seconds_since
from osil.ros.continuity import Continuity
from osil.ros.observing import Seen


class Recording:
    """The steps of one demonstration so far, in memory and in a file of their own.

    Attributes:
        name: of the demonstration.
        seen, actions: one entry a step.
        problem: why no more steps are taken and this cannot become a demonstration; empty while all is well.
        unsafe: why steps are in memory alone; empty while they are on the disk, too.
    """

    def __init__(
        self, name: str, partial: Path, description: str, may_miss: int, tell: Callable[[str], object]
    ) -> None:
        """Begin.

        Args:
            name: of the demonstration.
            partial: a file that is there while the recording lasts.
            description: of the robot, for whoever looks at the recording.
            may_miss: commands in a row that may fail to become steps. With more, a part of what was shown is missing.
            tell: called once with each of ``problem`` and ``unsafe``.

        Raises:
            DemonstrationError: the file exists or cannot be written.
        """
        self.name = name
        self.seen: list[Seen] = []
        self.actions: list[Action] = []
        self.problem = self.unsafe = ""
        self._description, self._may_miss, self._tell = description, may_miss, tell
        self._partial, self._continuity, self._missed = Partial(partial), Continuity(), 0

    @property
    def block_names(self) -> tuple[str, ...] | None:
        """Of the blocks in all steps, in their order; None before the first."""
        return self.seen[0].block_names if self.seen else None

    @property
    def duration(self) -> float:
        """Seconds from the first step to the latest."""
        return seconds_since(self.seen[0].nanoseconds, self.seen[-1].nanoseconds) if self.seen else 0.0

    @property
    def partial(self) -> Path:
        """The file of the recording under way."""
        return self._partial.path

    def add(self, seen: Seen, action: Action) -> None:
        """Take a step, unless there is a problem."""
        if not self.problem:
            self._follow(seen)
        if self.problem:
            return
        if self.seen and seen.nanoseconds < self.seen[-1].nanoseconds:
            self.miss("what was seen is older than what was seen before")
            return
        self.seen.append(seen)
        self.actions.append(action)
        self._missed = 0
        if not self.unsafe:
            self._keep(seen, action)

    def watch(self, seen: Seen) -> None:
        """See what happens between steps."""
        if self.seen and not self.problem:
            self._follow(seen)

    def miss(self, reason: str) -> None:
        """A command came, and cannot become a step."""
        self._missed += bool(self.seen)
        if self._missed > self._may_miss and not self.problem:
            self._end(f"{self._missed} commands in a row could not be recorded: {reason}")

    def _follow(self, seen: Seen) -> None:
        try:
            self._continuity.follow(seen)
        except ObservationError as error:
            self._end(str(error))

    def _end(self, reason: str) -> None:
        self.problem = (
            f"recording {self.name!r} has ended after {len(self.seen)} steps, discard it and record again: {reason}"
        )
        self._tell(self.problem)

    def _keep(self, seen: Seen, action: Action) -> None:
        try:
            if len(self.seen) == 1:
                self._partial.describe(self.name, seen.block_names, self._description)
            self._partial.append(seen.observation, action, seen.nanoseconds, _to_look_at(seen))
        except OSError as error:
            self.unsafe = (
                f"cannot write {to_text(self.partial)}: {error.strerror}; from here on {self.name!r} is in memory "
                "alone: free the disk, and stop"
            )
            self._tell(self.unsafe)

    def save(self, path: Path) -> None:
        """Write the demonstration and remove the file of the recording.

        Raises:
            DemonstrationError: too few steps, or the file cannot be written; the recording is as it was.
        """
        demonstration = Demonstration(
            Observation.stack([seen.observation for seen in self.seen]), Action.stack(self.actions)
        )
        stamps = np.array([seen.nanoseconds for seen in self.seen])
        replay = Replay(self._description, [_to_look_at(seen) for seen in self.seen])
        storage.save(demonstration, path, to_text(Path(path.stem)), self.seen[0].block_names, stamps, replay)
        self._partial.remove()

    def discard(self) -> None:
        """Remove the file of the recording."""
        self._partial.remove()

    def close(self) -> None:
        """Leave the file of the recording to be recovered."""
        self._partial.close()


def _to_look_at(seen: Seen) -> ReplayStep:
    return ReplayStep(seen.joints, seen.scene)
