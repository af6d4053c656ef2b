"""Messages as they may never come: good ones, of which some fields are then spoiled."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from rclpy.serialization import serialize_message

from osil.core import Action

INTEGERS = {f"{sign}int{bits}": (bits, sign == "") for sign in ("", "u") for bits in (8, 16, 32, 64)}
INTEGERS |= dict.fromkeys(("octet", "byte", "char"), (8, False))
FLOATS = {"float": np.finfo(np.float32).max.item(), "double": np.finfo(float).max.item()}
STRINGS = ("", "a", "z", "three", "four", "../up", ".hidden", "a\nb", "Zürich", "積木", " ", "x" * 300, "y" * 5_000)


@dataclass(frozen=True)
class Change:
    """How one field of a message is spoiled, said without knowing the message.

    Attributes:
        path: which field, which element, which of its fields, and so on; counted round where there are fewer.
        near: whether numbers are added to what is there, or take its place.
        number, whole, text: what a field gets, by its kind.
        sequence: what happens to a sequence.
    """

    path: tuple[int, ...]
    near: bool
    number: float
    whole: int
    text: str
    sequence: str


@dataclass(frozen=True)
class Letter:
    """A message, request or goal that is to be sent.

    Attributes:
        name: of the topic, service or action.
        action: where the good message is a command, what it commands.
        changes: how the good message is spoiled.
        corrupt: a byte of what is sent, counted round, and its new value: text that is no UTF-8, lengths that lie.
    """

    name: str
    action: Action
    changes: tuple[Change, ...]
    corrupt: tuple[int, int] | None


CHANGES = st.builds(
    Change,
    path=st.tuples(*[st.integers(0, 30)] * 6),
    near=st.booleans(),
    number=st.floats(-1.0, 1.0) | st.sampled_from([np.nan, np.inf, -np.inf, 1e308, -1e308, 1e9, 1e-300, 50.0]),
    whole=st.sampled_from([-3600, -600, -5, -1, 0, 1, 5, 600]) | st.integers(-(2**63), 2**64),
    text=st.sampled_from(STRINGS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    sequence=st.sampled_from(["empty", "fewer", "twice", "reversed", "many", *["element"] * 5]),
)

ACTIONS = st.builds(
    lambda motion, close: Action(np.array(motion[:3]), np.bool_(close), np.float64(5 * motion[3])),
    st.tuples(*[st.floats(-0.02, 0.02)] * 4),
    st.booleans(),
)


def letters(names: Sequence[str]) -> st.SearchStrategy[Letter]:
    """Letters to any of these."""
    corrupt = st.tuples(st.integers(0, 10_000), st.sampled_from([0x00, 0x7F, 0x80, 0xED, 0xFF]))
    return st.builds(
        Letter,
        name=st.sampled_from(sorted(names)),
        action=ACTIONS,
        changes=st.lists(CHANGES, max_size=3).map(tuple),
        corrupt=st.none() | st.none() | st.none() | corrupt,
    )


def spoil(kind: str, value: Any, change: Change, depth: int = 0) -> Any:
    """A value of the kind that ROS says a field has, made from its present value."""
    if kind == "boolean":
        return not value
    if kind == "string":
        return change.text
    if kind in INTEGERS:
        bits, signed = INTEGERS[kind]
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return min(max(change.near * value + change.whole, low), high)
    if kind in FLOATS:
        return float(np.clip(change.near * value + change.number, -FLOATS[kind], FLOATS[kind]))
    turn = change.path[depth % len(change.path)]
    if kind.startswith("sequence<"):
        items, kind = list(value), kind[len("sequence<") : -1].partition(",")[0]
        if change.sequence == "element" or not items:
            items = items or [_default(kind)]
            items[turn % len(items)] = spoil(kind, items[turn % len(items)], change, depth + 1)
        return {
            "empty": [],
            "fewer": items[:-1],
            "twice": items + items[:1],
            "reversed": items[::-1],
            "many": (items * 500)[:500],
            "element": items,
        }[change.sequence]
    if kind.endswith("]"):
        items = list(value)
        items[turn % len(items)] = spoil(kind.partition("[")[0], items[turn % len(items)], change, depth + 1)
        return items
    if fields := sorted(value.get_fields_and_field_types().items()):
        name, kind = fields[turn % len(fields)]
        setattr(value, name, spoil(kind, getattr(value, name), change, depth + 1))
    return value


def _default(kind: str) -> Any:
    simple = {"boolean": False, "string": "", "float": 0.0, "double": 0.0}
    return simple[kind] if kind in simple else interface(kind.replace("/", "/msg/", 1))() if "/" in kind else 0


def interface(name: str) -> Any:
    """The class of ``package/kind/Name``."""
    package, kind, name = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), name)


def corrupted(message: Any, byte: tuple[int, int]) -> bytes:
    """The message as it goes over the wire, one byte of it changed."""
    data, (at, value) = bytearray(serialize_message(message)), byte
    data[4 + at % (len(data) - 4)] = value
    return bytes(data)
