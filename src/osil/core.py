"""The core types: what is observed, what is done, what is shown, and who takes part.

Frames
    base
        ``base_link`` of the robot (REP-105): x forward, y left, z up, origin on the floor.
    gripper
        Origin at the grasp centre between the finger pads (``hand`` in ``config/robots``). z points up (against
        gravity), y is the closing direction of the fingers, x completes a right-handed frame. With yaw 0 its axes are
        parallel to the base frame's. The gripper always points down.

Every array may carry leading dimensions, written ``...``: none for one live scene, ``[N]`` for a batch of worlds,
``[T]`` for the time steps of a demonstration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, TypeAlias, TypeVar

from osil.arrays import Arrays, Flags, Numbers, Sample
from osil.arrays import BoolArray as BoolArray  # exported, too
from osil.arrays import FloatArray as FloatArray
from osil.errors import DemonstrationError

CONTROL_PERIOD = 0.05
"""Seconds between two actions: the policy acts at 20 Hz."""

NANOSECONDS = 1_000_000_000
"""In a second."""


FURTHEST = 10.0
"""Metres to a block, or of a motion, beyond what any arm reaches: what is further is in millimetres, or is no block."""

WIDEST = 1.0
"""Metres between finger pads beyond what any gripper opens."""

MOST_TURNED = 4 * math.pi
"""Radians beyond what a block or a gripper is turned: what is more is in degrees."""


@dataclass(frozen=True, eq=False)
class Observation(Sample):
    """What the policy sees of a block-stacking scene at one instant (section 4.2).

    Attributes:
        block_positions: ``[..., B, 3]`` centres of the blocks, metres, gripper frame.
        gripper_opening: ``[...]`` distance between the finger pads, metres.
        block_yaws: ``[..., B]`` rotations of the blocks about z relative to the gripper, radians. Zeros if left out.

    Raises:
        ObservationError: a shape does not fit or a number is not finite.
    """

    block_positions: Annotated[FloatArray, Numbers(("B", 3), FURTHEST, "metres")]
    gripper_opening: Annotated[FloatArray, Numbers((), WIDEST, "metres")]
    block_yaws: Annotated[FloatArray, Numbers(("B",), MOST_TURNED, "radians")] = None  # type: ignore[assignment]

    @property
    def num_blocks(self) -> int:
        return int(self.block_positions.shape[-2])


@dataclass(frozen=True, eq=False)
class Action(Sample):
    """What the gripper shall do during the next control period.

    Attributes:
        displacement: ``[..., 3]`` motion of the gripper, metres, gripper frame as it stands before the motion.
        close_gripper: ``[...]`` True to close the fingers, False to open them.
        yaw_step: ``[...]`` rotation of the gripper about z, radians. Zeros if left out.

    Raises:
        ObservationError: a shape does not fit or a number is not finite.
    """

    displacement: Annotated[FloatArray, Numbers((3,), FURTHEST, "metres")]
    close_gripper: Annotated[BoolArray, Flags()]
    yaw_step: Annotated[FloatArray, Numbers((), MOST_TURNED, "radians")] = None  # type: ignore[assignment]


O = TypeVar("O", bound=Sample)  # noqa: E741
A = TypeVar("A", bound=Sample)


@dataclass(frozen=True, eq=False)
class Demonstration(Arrays, Generic[O, A]):
    """One trajectory that shows a task once: T observations and the action taken at each.

    Any program can make one from arrays::

        Demonstration(Observation(positions, openings, yaws), Action(displacements, closed, yaw_steps))

    with a leading time dimension T on each array. Blocks keep their index throughout, and block ``i`` here is block
    ``i`` of the scene in which the task is to be repeated.

    Attributes:
        observations: leading dimension ``[T]``.
        actions: leading dimension ``[T]``; ``actions[t]`` was taken at ``observations[t]``.

    Raises:
        DemonstrationError: other things than observations and actions, fewer than two time steps, or not as many
            actions as observations.
    """

    observations: O
    actions: A

    def __post_init__(self) -> None:
        if not isinstance(self.observations, Sample) or not isinstance(self.actions, Sample):
            raise DemonstrationError(
                "expected observations and actions, such as Observation and Action, got "
                f"{type(self.observations).__name__} and {type(self.actions).__name__}; make them of your arrays first"
            )
        shape = self.observations.leading_shape
        if len(shape) != 1 or shape[0] < 2:
            raise DemonstrationError(
                f"a demonstration needs one leading time dimension of at least 2 steps, got {list(shape)}; record again"
            )
        done = self.actions.leading_shape
        if done != shape:
            wrong = "fewer" if done < shape else "more"
            raise DemonstrationError(
                f"{shape[0]} observations but {wrong} actions: expected leading shape {list(shape)} of both, "
                f"got {list(done)}; give one action for each observation"
            )

    def __len__(self) -> int:
        return self.observations.leading_shape[0]


Prompt: TypeAlias = Demonstration[O, A] | Sequence[Demonstration[O, A]]
"""What shows the task of one scene: one or more demonstrations of it, each in a scene of its own."""


@dataclass(frozen=True, eq=False)
class Scene(Arrays):
    """Where the blocks really are, for setting a world up and for judging it. Never shown to a policy.

    Attributes:
        block_positions: ``[..., B, 3]`` centres, metres, base frame.
        block_yaws: ``[..., B]`` radians about base z.
    """

    block_positions: FloatArray
    block_yaws: FloatArray

    @property
    def num_blocks(self) -> int:
        return int(self.block_positions.shape[-2])


O_co = TypeVar("O_co", bound=Sample, covariant=True)
A_co = TypeVar("A_co", bound=Sample, covariant=True)
O_contra = TypeVar("O_contra", bound=Sample, contravariant=True)
A_contra = TypeVar("A_contra", bound=Sample, contravariant=True)
S = TypeVar("S")


class World(Protocol[O_co, A_contra, S]):
    """A scene that can be set up and acted upon, one control period at a time."""

    def reset(self, scene: S) -> O_co:
        """Set the scene up and return the first observation."""

    def step(self, action: A_contra) -> O_co:
        """Act for one control period and return the next observation."""

    @property
    def scene(self) -> S:
        """The true state, for judges and renderers only."""


class Actor(Protocol[O_contra, A_co]):
    """Anything that chooses actions from observations: a policy that was reset, an expert, a teleoperator."""

    def act(self, observation: O_contra) -> A_co: ...


class Policy(Protocol[O, A]):
    """A one-shot policy: given a prompt, it acts in any scene of the same blocks.

    A prompt is one or more demonstrations of the same task. Today's policies are made for one and refuse more.
    """

    def reset(self, prompt: Prompt[O, A], seed: int = 0) -> None:
        """Take in what shows the task of one live scene: observations and actions then have no leading dimensions.

        Args:
            prompt: a demonstration, or a sequence of demonstrations of the same task.
            seed: of whatever the policy leaves to chance.
        """

    def reset_batch(self, prompts: Sequence[Prompt[O, A]], seeds: Sequence[int]) -> None:
        """Take in a prompt and a seed for each of N scenes: observations and actions then have leading ``[N]``."""

    def act(self, observation: O) -> A:
        """Choose the action for the present observation; to be called once in each control period."""
