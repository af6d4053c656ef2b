"""Teaching: the gripper is dragged, turned, opened and closed, and what it does is recorded."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from std_srvs.srv import Trigger
from viser import GuiEvent, GuiInputHandle, TransformControlsEvent, ViserServer

from osil.core import FloatArray
from osil.robots.kinematics import GripperPose
from osil.ros.page.errands import Errands
from osil.ros.page.hand import Hand
from osil.ros.page.inbox import Inbox
from osil.ros.page.words import plain, write
from osil_interfaces.srv import RecordingStatus, StartRecording, StopRecording

START, KEEP, DISCARD, STATUS = "recorder/start", "recorder/stop", "recorder/discard", "recorder/status"

ASK_PERIOD = 0.5
"""Seconds between two questions how far the recording is."""


class TeachingPanel:
    """The gizmo at the gripper, and the controls beside it."""

    def __init__(
        self,
        server: ViserServer,
        inbox: Inbox,
        hand: Hand,
        errands: Errands,
        now: Callable[[], int],
        recorded: Callable[[], object],
    ) -> None:
        """Make the controls.

        Args:
            server: whose scene and current container of controls they come into.
            inbox: for what is done with them.
            hand: that is moved with them.
            errands: for the recorder's services.
            now: nanoseconds of the node's clock.
            recorded: called when a recording has ended, here or by somebody else.
        """
        self._hand, self._errands, self._now, self._recorded = hand, errands, now, recorded
        self._inbox, self._yaw, self._recording, self._asked = inbox, 0.0, False, 0.0
        for service, kind in (
            (START, StartRecording),
            (KEEP, StopRecording),
            (DISCARD, Trigger),
            (STATUS, RecordingStatus),
        ):
            errands.know(service, kind)
        # Its arcs would catch the pointer, so that the gripper is turned by the slider alone.
        self._gizmo = server.scene.add_transform_controls("/drag", 0.16, disable_rotations=True, depth_test=False)
        self._gizmo.on_update(self._on_drag)
        gui = server.gui
        gui.add_markdown("Drag the arrows at the gripper: it follows for as long as you hold them.")
        gui.add_markdown(
            "Keys: **I K J L** move it, **U O** lift and lower it, **N M** turn it, **C V** close and open the "
            "fingers, **Esc** stops the arm."
        )
        self._slider = gui.add_slider("Turn (°)", -90, 90, 1, 0)
        self._slider.on_update(self._on_slide)
        inbox.collect(gui.add_button("Close the fingers"), lambda: hand.grip(True, now()))
        inbox.collect(gui.add_button("Open the fingers"), lambda: hand.grip(False, now()))
        gui.add_divider()
        self._name = gui.add_text("Name", "", hint="Left empty: the time of day")
        self._start = gui.add_button("Record", color="red")
        self._keep = gui.add_button("Stop and keep", color="green", visible=False)
        self._discard = gui.add_button("Discard", color="gray", visible=False)
        self._progress = gui.add_markdown("")
        self._told = gui.add_markdown("")
        inbox.collect(self._start, lambda: errands.call(START, self._tell, name=self._name.value))
        inbox.collect(self._keep, lambda: errands.call(KEEP, self._tell))
        inbox.collect(self._discard, lambda: errands.call(DISCARD, self._tell))

    def show(self, measured: GripperPose) -> None:
        """Put gizmo and slider where the gripper is, unless they are held."""
        self._yaw = float(measured.yaw)
        if not self._hand.dragging and not np.allclose(self._gizmo.position, measured.position, rtol=0.0, atol=5e-4):
            self._gizmo.position = measured.position
        degrees = round(math.degrees(_half_turn(self._yaw)))
        if not self._hand.turning and self._slider.value != degrees:
            self._slider.value = degrees

    def look(self) -> None:
        """Ask the recorder what it does, now and then: it may have been told by somebody else."""
        if time.monotonic() - self._asked > ASK_PERIOD:
            self._asked = time.monotonic()
            self._errands.call(STATUS, self._show_status)

    async def _on_drag(self, event: TransformControlsEvent) -> None:
        place = np.array(event.target.position, dtype=float)
        self._inbox.put(partial(self._drag, event.phase, place, self._now()))  # as it was there now

    def _drag(self, phase: str, place: FloatArray, now: int) -> None:
        if phase == "start":
            self._hand.grasp(place, now)
        elif phase == "update":
            self._hand.drag(place, now)
        else:
            self._hand.drop()

    async def _on_slide(self, event: GuiEvent[GuiInputHandle[float]]) -> None:
        if event.client is not None:  # else it was set by ``show``
            self._inbox.put(partial(self._turn, math.radians(event.target.value)))

    def _turn(self, yaw: float) -> None:
        """Turn the gripper to ``yaw``, or half a turn from it, which is the same for two fingers."""
        self._hand.turn(self._yaw + _half_turn(yaw - self._yaw), self._now())

    def _tell(self, done: bool, message: str, response: Any) -> None:
        write(self._told, plain(message))
        self._asked = 0.0

    def _show_status(self, done: bool, message: str, response: RecordingStatus.Response | None) -> None:
        recording = response is not None and response.recording
        if recording != self._recording:
            self._recording = recording
            self._start.visible = not recording
            self._keep.visible = self._discard.visible = recording
            write(self._progress, "")
            if not recording:
                self._recorded()
        if response is not None and response.recording:
            write(self._progress, f"**{response.duration:.1f} s** recorded: {plain(message)}")


def _half_turn(yaw: float) -> float:
    """Radians wrapped to [-pi/2, pi/2)."""
    return (yaw + 0.5 * math.pi) % math.pi - 0.5 * math.pi
