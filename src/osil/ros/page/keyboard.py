"""Keys that move the gripper. viser tells that a key was pressed, not that it was let go: so each press is a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import numpy as np
from viser import CommandEvent, GuiApi
from viser._messages import HotkeyKey

from osil.core import FloatArray
from osil.ros.page.inbox import Deed, Inbox

STEP = 0.01
"""Metres of a press. A key that is held repeats itself."""

TURN = math.radians(5.0)
"""Radians of a press."""

WAYS: dict[HotkeyKey, tuple[str, tuple[float, float, float]]] = {
    "I": ("forward", (1.0, 0.0, 0.0)),
    "K": ("back", (-1.0, 0.0, 0.0)),
    "J": ("left", (0.0, 1.0, 0.0)),
    "L": ("right", (0.0, -1.0, 0.0)),
    "U": ("up", (0.0, 0.0, 1.0)),
    "O": ("down", (0.0, 0.0, -1.0)),
}
"""In the base frame. viser itself takes W, A, S, D, Q, E and the arrows, with which one looks elsewhere."""


def add_keys(
    gui: GuiApi,
    inbox: Inbox,
    step: Callable[[FloatArray, float], object],
    grip: Callable[[bool], object],
    stop: Deed,
) -> None:
    """Bind keys to what they do.

    Args:
        gui: of the page.
        inbox: for what is done.
        step: moves the gripper by ``[3]`` metres and so many radians, base frame.
        grip: closes or opens the fingers.
        stop: stops the arm.
    """
    deeds: dict[HotkeyKey, tuple[str, Deed]] = {
        "N": ("Turn the gripper left", partial(step, np.zeros(3), TURN)),
        "M": ("Turn the gripper right", partial(step, np.zeros(3), -TURN)),
        "C": ("Close the fingers", partial(grip, True)),
        "V": ("Open the fingers", partial(grip, False)),
        "escape": ("Stop the arm", stop),
    }
    for key, (way, direction) in WAYS.items():
        deeds[key] = f"Gripper {way}", partial(step, STEP * np.array(direction), 0.0)
    for key, (label, deed) in deeds.items():
        gui.add_command(label, hotkey=key).on_trigger(_putter(inbox, deed))


def _putter(inbox: Inbox, deed: Deed) -> Callable[[CommandEvent], Coroutine[Any, Any, None]]:
    async def pressed(event: CommandEvent) -> None:
        inbox.put(deed)

    return pressed
