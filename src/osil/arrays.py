"""Values made of arrays: what is done to every field is written here, so that a class only lists its fields.

``Arrays`` maps, indexes and stacks. ``Sample`` also checks: each of its fields says how its shape ends and what its
numbers can be, as in ``Annotated[FloatArray, Numbers(("B", 3), 10.0, "metres")]``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Self

from osil.errors import ObservationError

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Arrays:
    """Base of dataclasses whose fields are arrays, or again ``Arrays``, with the same leading dimensions."""

    def map(self, function: Callable[..., NDArray[Any]], *others: Self) -> Self:
        """``function`` of each array, followed by the arrays in the same place of ``others``."""

        def mapped(name: str) -> Any:
            first, *rest = (getattr(one, name) for one in (self, *others))
            return first.map(function, *rest) if isinstance(first, Arrays) else function(first, *rest)

        return type(self)(**{field.name: mapped(field.name) for field in fields(self)})

    def __getitem__(self, index: Any) -> Self:
        """Index the leading dimensions."""
        return self.map(lambda array: array[index])

    @classmethod
    def stack(cls, items: Sequence[Self]) -> Self:
        """Join values of equal shape along a new first dimension."""
        first, *others = items
        return first.map(lambda *arrays: np.stack(arrays), *others)

    @classmethod
    def where(cls, condition: BoolArray, one: Self, other: Self) -> Self:
        """``one`` where ``condition`` (all leading dimensions) is True, else ``other``."""

        def choose(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
            return np.where(condition.reshape(condition.shape + (1,) * (x.ndim - condition.ndim)), x, y)

        return one.map(choose, other)


@dataclass(frozen=True)
class Numbers:
    """Says of an array that it holds finite numbers.

    Attributes:
        trailing: its last dimensions: a size, or a letter for any size from 1 on. A letter is one size in all fields.
        most: greatest absolute value that is plausible.
        unit: of the numbers.
    """

    trailing: tuple[int | str, ...]
    most: float
    unit: str

    def convert(self, name: str, value: ArrayLike) -> FloatArray:
        """``value`` as an array of floats. Raises ObservationError unless it is one as described here."""
        array = _as_array(name, value)
        if array.dtype.kind not in "biuf":
            raise ObservationError(
                f"{name}: expected an array of numbers, got {type(value).__name__} of type {array.dtype}"
            )
        if array.dtype.kind != "f":
            array = array.astype(np.float64)
        sizes = array.shape[array.ndim - len(self.trailing) :] if array.ndim >= len(self.trailing) else None
        if sizes is None or not all(
            size > 0 if isinstance(wanted, str) else size == wanted
            for wanted, size in zip(self.trailing, sizes, strict=True)
        ):
            wanted = ", ".join("1 or more" if isinstance(size, str) else str(size) for size in self.trailing)
            raise ObservationError(f"{name}: expected shape [..., {wanted}], got {list(array.shape)}")
        if not np.isfinite(array).all():
            raise ObservationError(f"{name}: expected finite numbers, got NaN or infinity; drop this sample and hold")
        return array

    def check_plausible(self, name: str, array: FloatArray) -> None:
        """Raise ObservationError, which tells the first number that is too large."""
        wrong = array[~(np.abs(array) <= self.most)]
        if wrong.size:
            raise ObservationError(
                f"{name}: expected at most {self.most:.4g} {self.unit}, got {wrong[0]:.6g}; is that in another unit?"
            )


@dataclass(frozen=True)
class Flags:
    """Says of an array that it holds True and False, one for each sample."""

    trailing: tuple[()] = ()

    def convert(self, name: str, value: ArrayLike) -> BoolArray:
        """``value`` as an array of booleans. Raises ObservationError for anything but True, False, 0 and 1."""
        array = _as_array(name, value)
        if array.dtype != np.bool_ and not (np.issubdtype(array.dtype, np.number) and np.isin(array, (0, 1)).all()):
            raise ObservationError(f"{name}: expected True or False, got {value!r}")
        return array.astype(np.bool_)

    def check_plausible(self, name: str, array: BoolArray) -> None:
        """Any is."""


@dataclass(frozen=True, eq=False)
class Sample(Arrays):
    """Base of observations and actions: each field is ``Annotated`` with ``Numbers`` or ``Flags``, and is checked.

    A field whose default is None is filled with zeros if left out.

    Raises:
        ObservationError: a shape does not fit, a number is not finite, or something else than an array of numbers.
    """

    _described: ClassVar[dict[str, Numbers | Flags]]
    """What the annotation of each field says of its array."""

    def __init_subclass__(cls) -> None:
        hints = get_type_hints(cls, include_extras=True)
        cls._described = {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}

    def __post_init__(self) -> None:
        leading: tuple[int, ...] | None = None
        sizes: dict[int | str, int] = {}  # of each letter, and of each number: itself
        fit = True
        for name, described in self._described.items():
            value = getattr(self, name)
            if value is None and leading is not None and hasattr(type(self), name):  # left out
                trailing = [size if isinstance(size, int) else sizes[size] for size in described.trailing]
                value = np.zeros((*leading, *trailing))
            array = described.convert(name, value)
            split = array.ndim - len(described.trailing)
            leading = array.shape[:split] if leading is None else leading
            wanted = [sizes.setdefault(*pair) for pair in zip(described.trailing, array.shape[split:], strict=True)]
            fit &= array.shape == (*leading, *wanted)
            object.__setattr__(self, name, array)
        if not fit:
            expected = [f"{name} {_shape('...', *one.trailing)}" for name, one in self._described.items()]
            got = [f"{name} {_shape(*getattr(self, name).shape)}" for name in self._described]
            raise ObservationError(
                f"expected {', '.join(expected)} with the same leading dimensions, got {', '.join(got)}"
            )

    @property
    def leading_shape(self) -> tuple[int, ...]:
        """The leading dimensions, which all arrays share."""
        name, described = next(iter(self._described.items()))
        shape: tuple[int, ...] = getattr(self, name).shape
        return shape[: len(shape) - len(described.trailing)]

    def check_plausible(self) -> None:
        """Raise ObservationError, which names the field, if a number is larger than can be."""
        for name, described in self._described.items():
            described.check_plausible(name, getattr(self, name))


def _as_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """``np.asarray(value)``. Raises ObservationError where that makes no array, as of rows of different lengths."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # the last: of tensors that take part in learning
        raise ObservationError(f"{name}: expected an array, got {type(value).__name__} ({error})") from error


def _shape(*sizes: int | str) -> str:
    return f"[{', '.join(map(str, sizes))}]"
