"""What a policy that imitates one demonstration was shown at its last reset, in one scene or in each of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal

from typing_extensions import Self

from osil.core import A, Demonstration, O, Prompt
from osil.errors import DemonstrationError, ObservationError

Things = Literal["blocks", "landmarks"]


@dataclass(frozen=True)
class Shown(Generic[O, A]):
    """A demonstration for each scene, and the checks that prompts are fit for it and observations go with it.

    Attributes:
        observation, action: the types of these that the policy knows.
        things: what there are equally many of in each demonstration and observation.
        demonstrations: one a scene; none before the first reset.
        single: whether observations are of one scene, without a leading dimension.
        count: the number of things.
    """

    observation: type[O]
    action: type[A]
    things: Things
    demonstrations: Sequence[Demonstration[O, A]] = field(default=())
    single: bool = False
    count: int = 0

    def __len__(self) -> int:
        """How many scenes."""
        return len(self.demonstrations)

    def again(self, prompts: Sequence[Prompt[O, A]], single: bool) -> Self:
        """What was shown by other prompts, one for each scene.

        Raises:
            DemonstrationError: something else, none, several demonstrations in a prompt, numbers that cannot be, or the
                number of things differs.
        """
        if not isinstance(prompts, Iterable):
            raise DemonstrationError(
                f"expected a sequence of prompts, one for each scene of a batch, got {type(prompts).__name__}; "
                "call reset for a single scene"
            )
        shown = [_only(prompt) for prompt in prompts]
        if not shown:
            raise DemonstrationError("expected a prompt for each scene of a batch, got none")
        for one in {id(one): one for one in shown}.values():
            self._check(one)
        counts = {self._count(one.observations) for one in shown}
        if len(counts) != 1:
            raise DemonstrationError(
                f"demonstrations of {sorted(counts)} {self.things} in one batch; expected one number of {self.things}"
            )
        return replace(self, demonstrations=shown, single=single, count=counts.pop())

    def _check(self, demonstration: Demonstration[O, A]) -> None:
        seen, done = demonstration.observations, demonstration.actions
        if not isinstance(seen, self.observation) or not isinstance(done, self.action):
            raise DemonstrationError(
                f"a demonstration of {type(seen).__name__} and {type(done).__name__}: this policy needs one of "
                f"{self.observation.__name__} and {self.action.__name__}"
            )
        try:
            seen.check_plausible()
            done.check_plausible()
        except ObservationError as error:
            raise DemonstrationError(f"demonstration: {error}") from error

    def batch(self, observation: O) -> O:
        """The observation with leading ``[N]``, one for each demonstration.

        Raises:
            ObservationError: something else, numbers that cannot be, other things or scenes than were shown, or nothing
                was shown yet.
        """
        if not isinstance(observation, self.observation):
            raise ObservationError(f"expected {self.observation.__name__}, got {type(observation).__name__}")
        count, shape = self._count(observation), () if self.single else (len(self),)
        if count != self.count or observation.leading_shape != shape:
            needed = f"has {self.count} {self.things} and needs {list(shape)}"
            raise ObservationError(
                f"observation of {count} {self.things} with leading shape {list(observation.leading_shape)}; the "
                f"demonstration {needed if len(self) else 'is missing: call reset first'}"
            )
        observation.check_plausible()
        return observation[None] if self.single else observation

    def _count(self, observation: O) -> int:
        return int(getattr(observation, f"num_{self.things}"))


def _only(prompt: Prompt[O, A]) -> Demonstration[O, A]:
    """The one demonstration of a prompt. Raises DemonstrationError for anything else."""
    shown = list(prompt) if isinstance(prompt, Iterable) else [prompt]
    for one in shown:
        if not isinstance(one, Demonstration):
            raise DemonstrationError(
                f"expected a Demonstration, or a sequence of demonstrations of one task, got {type(one).__name__}"
            )
    if len(shown) != 1:
        raise DemonstrationError(
            f"a prompt of {len(shown)} demonstrations: this policy imitates exactly 1; choose one of them, "
            "or call reset_batch to act in a scene for each"
        )
    return shown[0]
