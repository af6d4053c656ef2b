"""The core types: what is observed, what is done, what is shown, and who takes part.

Frames
    base
        ``base_link`` of the Fetch (REP-105): x forward, y left, z up, origin on the floor.
    gripper
        Origin at the grasp centre between the finger pads, 15 mm beyond the Fetch's ``gripper_link`` towards the
        finger tips. z points up (against gravity), y is the closing direction of the fingers, x completes a
        right-handed frame. With yaw 0 its axes are parallel to the base frame's. The gripper always points down.

Every array may carry leading dimensions, written ``...``: none for one live scene, ``[N]`` for a batch of worlds,
``[T]`` for the time steps of a demonstration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Self

from osil.errors import DemonstrationError, ObservationError

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]

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


def as_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """``np.asarray(value)``. Raises ObservationError where that makes no array, as of rows of different lengths."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # the last: of tensors that take part in learning
        raise ObservationError(f"{name}: expected an array, got {type(value).__name__} ({error})") from error


def finite_array(name: str, value: ArrayLike, trailing: tuple[int | None, ...]) -> FloatArray:
    """Return ``value`` as a finite float array whose last dimensions fit ``trailing`` (None: any size from 1 on)."""
    array = as_array(name, value)
    if array.dtype.kind not in "biuf":
        raise ObservationError(
            f"{name}: expected an array of numbers, got {type(value).__name__} of type {array.dtype}"
        )
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    shape = array.shape[array.ndim - len(trailing) :] if array.ndim >= len(trailing) else None
    if shape is None or any(have != want if want else not have for want, have in zip(trailing, shape, strict=True)):
        wanted = ", ".join("1 or more" if size is None else str(size) for size in trailing)
        raise ObservationError(f"{name}: expected shape [..., {wanted}], got {list(array.shape)}")
    if not np.isfinite(array).all():
        raise ObservationError(f"{name}: expected finite numbers, got NaN or infinity; drop this sample and hold")
    return array


def check_within(name: str, array: FloatArray, most: float, unit: str) -> None:
    """Raise ObservationError, which names the first number in ``array`` that is not from ``-most`` to ``most``."""
    wrong = array[~(np.abs(array) <= most)]
    if wrong.size:
        raise ObservationError(
            f"{name}: expected at most {most:.4g} {unit}, got {wrong[0]:.6g}; is that in another unit?"
        )


@dataclass(frozen=True, eq=False)
class Observation:
    """What the policy sees of a block-stacking scene at one instant (section 4.2).

    Attributes:
        block_positions: ``[..., B, 3]`` centres of the blocks, metres, gripper frame.
        gripper_opening: ``[...]`` distance between the finger pads, metres.
        block_yaws: ``[..., B]`` rotations of the blocks about z relative to the gripper, radians. Zeros if left out.

    Raises:
        ObservationError: a shape does not fit or a number is not finite.
    """

    block_positions: FloatArray
    gripper_opening: FloatArray
    block_yaws: FloatArray = None  # type: ignore[assignment]  # filled in __post_init__

    def __post_init__(self) -> None:
        positions = finite_array("block_positions", self.block_positions, (None, 3))
        yaws = np.zeros(positions.shape[:-1]) if self.block_yaws is None else self.block_yaws
        yaws = finite_array("block_yaws", yaws, (positions.shape[-2],))
        opening = finite_array("gripper_opening", self.gripper_opening, ())
        if yaws.shape != positions.shape[:-1] or opening.shape != positions.shape[:-2]:
            raise ObservationError(
                f"leading dimensions differ: block_positions {list(positions.shape)}, block_yaws {list(yaws.shape)}, "
                f"gripper_opening {list(opening.shape)}; expected [..., B, 3], [..., B] and [...]"
            )
        object.__setattr__(self, "block_positions", positions)
        object.__setattr__(self, "block_yaws", yaws)
        object.__setattr__(self, "gripper_opening", opening)

    @property
    def num_blocks(self) -> int:
        return int(self.block_positions.shape[-2])

    @property
    def leading_shape(self) -> tuple[int, ...]:
        return self.gripper_opening.shape

    def check_plausible(self) -> None:
        """Raise ObservationError unless an arm could see this: where blocks lie, and how far the fingers are open."""
        check_within("block_positions", self.block_positions, FURTHEST, "metres")
        check_within("gripper_opening", self.gripper_opening, WIDEST, "metres")
        check_within("block_yaws", self.block_yaws, MOST_TURNED, "radians")

    def __getitem__(self, index: Any) -> Self:
        """Index the leading dimensions."""
        return type(self)(self.block_positions[index], self.gripper_opening[index], self.block_yaws[index])

    @classmethod
    def stack(cls, items: Sequence[Self]) -> Self:
        """Join observations of equal shape along a new first dimension."""
        return cls(
            np.stack([item.block_positions for item in items]),
            np.stack([item.gripper_opening for item in items]),
            np.stack([item.block_yaws for item in items]),
        )


@dataclass(frozen=True, eq=False)
class Action:
    """What the gripper shall do during the next control period.

    Attributes:
        displacement: ``[..., 3]`` motion of the gripper, metres, gripper frame as it stands before the motion.
        close_gripper: ``[...]`` True to close the fingers, False to open them.
        yaw_step: ``[...]`` rotation of the gripper about z, radians. Zeros if left out.

    Raises:
        ObservationError: a shape does not fit or a number is not finite.
    """

    displacement: FloatArray
    close_gripper: BoolArray
    yaw_step: FloatArray = None  # type: ignore[assignment]  # filled in __post_init__

    def __post_init__(self) -> None:
        displacement = finite_array("displacement", self.displacement, (3,))
        yaw = np.zeros(displacement.shape[:-1]) if self.yaw_step is None else self.yaw_step
        yaw = finite_array("yaw_step", yaw, ())
        close = as_array("close_gripper", self.close_gripper)
        if close.dtype != np.bool_ and not (np.issubdtype(close.dtype, np.number) and np.isin(close, (0, 1)).all()):
            raise ObservationError(f"close_gripper: expected True or False, got {self.close_gripper!r}")
        close = close.astype(np.bool_)
        if yaw.shape != displacement.shape[:-1] or close.shape != yaw.shape:
            raise ObservationError(
                f"leading dimensions differ: displacement {list(displacement.shape)}, yaw_step {list(yaw.shape)}, "
                f"close_gripper {list(close.shape)}; expected [..., 3], [...] and [...]"
            )
        object.__setattr__(self, "displacement", displacement)
        object.__setattr__(self, "yaw_step", yaw)
        object.__setattr__(self, "close_gripper", close)

    @property
    def leading_shape(self) -> tuple[int, ...]:
        return self.close_gripper.shape

    def check_plausible(self) -> None:
        """Raise ObservationError unless an arm could do this."""
        check_within("displacement", self.displacement, FURTHEST, "metres")
        check_within("yaw_step", self.yaw_step, MOST_TURNED, "radians")

    def __getitem__(self, index: Any) -> Self:
        """Index the leading dimensions."""
        return type(self)(self.displacement[index], self.close_gripper[index], self.yaw_step[index])

    @classmethod
    def where(cls, first: BoolArray, one: Self, other: Self) -> Self:
        """The actions of ``one`` where ``first`` ``[N]`` is True, else those of ``other``, leading ``[N]`` as well."""
        return cls(
            np.where(first[:, None], one.displacement, other.displacement),
            np.where(first, one.close_gripper, other.close_gripper),
            np.where(first, one.yaw_step, other.yaw_step),
        )

    @classmethod
    def stack(cls, items: Sequence[Self]) -> Self:
        """Join actions of equal shape along a new first dimension."""
        return cls(
            np.stack([item.displacement for item in items]),
            np.stack([item.close_gripper for item in items]),
            np.stack([item.yaw_step for item in items]),
        )


@runtime_checkable
class Sample(Protocol):
    """What observations and actions of every task family can do: be counted, be indexed in time and be stacked, and
    tell numbers that cannot be."""

    @property
    def leading_shape(self) -> tuple[int, ...]: ...

    def check_plausible(self) -> None: ...

    def __getitem__(self, index: Any) -> Self: ...

    @classmethod
    def stack(cls, items: Sequence[Self]) -> Self: ...


O = TypeVar("O", bound=Sample)  # noqa: E741
A = TypeVar("A", bound=Sample)


@dataclass(frozen=True, eq=False)
class Demonstration(Generic[O, A]):
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

    def __getitem__(self, index: Any) -> Self:
        """The demonstration at the given time steps (a slice or an index array)."""
        return type(self)(self.observations[index], self.actions[index])


@dataclass(frozen=True, eq=False)
class Scene:
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

    def __getitem__(self, index: Any) -> Self:
        return type(self)(self.block_positions[index], self.block_yaws[index])


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
    """A one-shot policy: shown one demonstration, it acts in any scene of the same blocks."""

    def reset(
        self, demonstration: Demonstration[O, A] | Sequence[Demonstration[O, A]], seed: int | Sequence[int] = 0
    ) -> None:
        """Take in one demonstration, or one for each world of a batch, with one seed for all or one for each."""

    def act(self, observation: O) -> A:
        """Choose the action for the present observation; to be called once in each control period."""
