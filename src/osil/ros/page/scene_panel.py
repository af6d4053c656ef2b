"""The simulated scene, to be set up anew and meddled with; hidden before a robot."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import Vector3
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from std_srvs.srv import Trigger
from viser import GuiApi, GuiEvent, GuiInputHandle

from osil.ros.page.errands import Errands
from osil.ros.page.inbox import Inbox
from osil.ros.page.words import plain, write
from osil_interfaces.srv import PushBlock, ResetScene

RESET, PUSH, DROP, SET = "simulation/reset", "simulation/push", "simulation/drop", "simulation/set_parameters"

SHOVE = 0.7
"""m/s of a push: a block slides some centimetres."""

WAYS = {"Away from the robot": 0.0, "To its left": 90.0, "To its right": -90.0, "Towards it": 180.0}
"""Degrees from the x axis of the base frame."""

NO_BLOCK = "-"

FEWEST, MOST = 2, 12
"""Blocks of a layout."""


class ScenePanel:
    """New layouts, pushes, drops, and the pace of time."""

    def __init__(self, gui: GuiApi, inbox: Inbox, errands: Errands) -> None:
        """Make the controls in the current container of ``gui``."""
        self._errands, self._inbox = errands, inbox
        for service, kind in ((RESET, ResetScene), (PUSH, PushBlock), (DROP, Trigger), (SET, SetParameters)):
            errands.know(service, kind)
        self._missing = gui.add_markdown("There is no simulation: this is for simulated scenes alone.")
        self._all = gui.add_folder("Simulated scene", visible=False)
        with self._all:
            self._count = gui.add_slider("Blocks", FEWEST, MOST, 1, FEWEST)
            new = gui.add_button("New layout")
            gui.add_divider()
            self._block = gui.add_dropdown("Block", (NO_BLOCK,))
            self._way = gui.add_dropdown("Way", tuple(WAYS))
            push = gui.add_button("Push it")
            drop = gui.add_button("Knock the held block out of the hand")
            gui.add_divider()
            pace = gui.add_slider("Speed of time", 0.1, 2.0, 0.1, 1.0)
        self._told = gui.add_markdown("")
        inbox.collect(new, self._set_up)
        inbox.collect(push, self._push)
        inbox.collect(drop, lambda: errands.call(DROP, self._tell))
        pace.on_update(self._on_pace)

    def look(self, block_names: Sequence[str]) -> None:
        """Show what can be done in a scene of these blocks."""
        simulated = self._errands.ready(RESET)
        if simulated != self._all.visible:
            self._all.visible, self._missing.visible = simulated, not simulated
        names = tuple(block_names) or (NO_BLOCK,)
        if names != self._block.options:
            self._block.options = names
            self._count.value = min(max(FEWEST, len(block_names)), MOST)  # a new layout is of as many, unless told

    def _set_up(self) -> None:
        count = min(max(FEWEST, int(self._count.value)), MOST)  # whatever the page says
        self._errands.call(RESET, self._tell, num_blocks=count, seed=secrets.randbits(32))

    def _push(self) -> None:
        way = math.radians(WAYS.get(self._way.value, 0.0))
        velocity = Vector3(x=SHOVE * math.cos(way), y=SHOVE * math.sin(way))
        self._errands.call(PUSH, self._tell, block=self._block.value, velocity=velocity)

    async def _on_pace(self, event: GuiEvent[GuiInputHandle[float]]) -> None:
        self._inbox.put(lambda: self._set_pace(event.target.value))

    def _set_pace(self, pace: float) -> None:
        value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=float(pace))
        self._errands.call(SET, self._tell_pace, parameters=[Parameter(name="real_time_factor", value=value)])

    def _tell_pace(self, done: bool, message: str, response: SetParameters.Response | None) -> None:
        refused = [result.reason for result in response.results if not result.successful] if response else [message]
        write(self._told, plain(" ".join(refused)))

    def _tell(self, done: bool, message: str, response: Any) -> None:
        write(self._told, plain(message))
