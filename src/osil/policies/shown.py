"""What a policy was shown at its last reset: one demonstration, or one for each scene of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal

from typing_extensions import Self

from osil.core import A, Demonstration, O
from osil.errors import DemonstrationError, ObservationError

Things = Literal["blocks", "landmarks"]


@dataclass(frozen=True)
class Shown(Generic[O, A]):
    """Demonstrations, and the check that observations go with them.

    Attributes:
        things: what there are equally many of in each demonstration and observation.
        demonstrations: one a scene; none before the first reset.
        single: whether observations are of one scene, without a leading dimension.
        count: the number of things.
    """

    things: Things
    demonstrations: Sequence[Demonstration[O, A]] = field(default=())
    single: bool = False
    count: int = 0

    def __len__(self) -> int:
        """How many scenes."""
        return len(self.demonstrations)

    def again(self, demonstration: Demonstration[O, A] | Sequence[Demonstration[O, A]]) -> Self:
        """One demonstration, or one for each scene, in place of these.

        Raises:
            DemonstrationError: the number of things differs between them.
        """
        single = isinstance(demonstration, Demonstration)
        shown = [demonstration] if isinstance(demonstration, Demonstration) else list(demonstration)
        counts = {self._count(one.observations) for one in shown}
        if len(counts) != 1:
            raise DemonstrationError(
                f"demonstrations of {sorted(counts)} {self.things} in one batch; expected one number of {self.things}"
            )
        return type(self)(self.things, shown, single, counts.pop())

    def batch(self, observation: O) -> O:
        """The observation with leading ``[N]``, one for each demonstration.

        Raises:
            ObservationError: other things or scenes than were shown, or nothing was shown yet.
        """
        count, shape = self._count(observation), () if self.single else (len(self),)
        if count != self.count or observation.leading_shape != shape:
            raise ObservationError(
                f"observation of {count} {self.things} with leading shape {list(observation.leading_shape)}; the "
                f"demonstration has {self.count} {self.things} and needs {list(shape)} "
                f"(0 {self.things}: call reset first)"
            )
        return observation[None] if self.single else observation

    def _count(self, observation: O) -> int:
        return int(getattr(observation, f"num_{self.things}"))
