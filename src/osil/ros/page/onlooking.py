"""What the page is like for somebody who only looks on: grey, where an operator may press.

viser shows the same controls to everybody. What it sends to an onlooker is changed on its way: packets as
``viser.infra`` makes them, of two sizes, compressed messages, and what of arrays is aligned behind them.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import msgspec
import zstandard

SIZES = 16
"""Bytes of the two sizes, of the messages as they are and compressed."""

ALIGNED = 8
"""Bytes to a multiple of which arrays begin."""

FIXED = {"active_axes": (False, False, False), "disable_axes": True, "disable_sliders": True}
"""Properties of a gizmo that cannot be dragged."""


def for_onlookers(packet: bytes, usable: Set[str], notices: Set[str]) -> bytes:
    """What an onlooker is sent instead of ``packet``.

    Args:
        packet: of messages to a page.
        usable: controls that onlookers may use as well.
        notices: what only they are shown.
    """
    compressed = int.from_bytes(packet[ALIGNED:SIZES], "little")
    content = msgspec.msgpack.decode(zstandard.decompress(packet[SIZES : SIZES + compressed]))
    for message in content["messages"]:
        _change(message, usable, notices)
    changed = msgspec.msgpack.encode(content)
    messages = zstandard.compress(changed, 1)
    sizes = b"".join(len(one).to_bytes(ALIGNED, "little") for one in (changed, messages))
    padding = bytes(-(SIZES + len(messages)) % ALIGNED)
    arrays = packet[SIZES + compressed + -(SIZES + compressed) % ALIGNED :]
    return sizes + messages + padding + arrays


def _change(message: dict[str, Any], usable: Set[str], notices: Set[str]) -> None:
    properties = message.get("props", message.get("updates", {}))
    if message["type"] == "TransformControlsMessage":
        properties |= FIXED
    if "disabled" in properties and message["uuid"] not in usable:
        properties["disabled"] = True
    if "visible" in properties and message.get("uuid") in notices:
        properties["visible"] = True
