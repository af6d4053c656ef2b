"""The state of the safety gate, what is seen and how old it is, and the buttons for stop and resume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from std_srvs.srv import Trigger
from viser import GuiApi

from osil.ros.page.errands import Errands
from osil.ros.page.guard import Guard
from osil.ros.page.inbox import Inbox
from osil.ros.page.question import Question
from osil.ros.page.words import plain, write
from osil_interfaces.msg import ControllerStatus

STOP, RESUME = "controller/stop", "controller/resume"

STATES = {
    ControllerStatus.HOLDING: "**Holding:**",
    ControllerStatus.FOLLOWING: "**Following**",
    ControllerStatus.STOPPED: "**STOPPED:**",
}

WARNING = (
    "**Resume?** The arm takes up commands again from where it is. See to it that nobody is near, and that what "
    "stopped it is over."
)


ONLOOKING = (
    "**You look on.** What is grey belongs to whoever operates. *Stop* works from here too: it only ever ends a motion."
)


class SafetyPanel:
    """At the top of the page, whatever else is done there."""

    def __init__(self, gui: GuiApi, inbox: Inbox, errands: Errands, guard: Guard) -> None:
        self._errands, self._guard = errands, guard
        guard.show_onlookers(gui.add_markdown(ONLOOKING, visible=False))
        self._pages = gui.add_markdown("")
        errands.know(STOP, Trigger)
        errands.know(RESUME, Trigger)
        self._state = gui.add_markdown("")
        stop = gui.add_button("Stop", color="red", hint="Slows the arm down and stops it. No emergency stop.")
        guard.let_all_press(stop)
        self._resume = gui.add_button("Resume ...", visible=False)
        self._question = Question(gui, inbox, "Resume", "Stay stopped")
        self._answer = gui.add_markdown("")
        self._seen = gui.add_markdown("")
        inbox.collect(stop, self.stop)
        inbox.collect(self._resume, lambda: self._question.ask(WARNING, self._call_resume))

    def stop(self) -> None:
        """Have the controller stop the arm."""
        self._errands.call(STOP, self._tell)

    def show_pages(self) -> None:
        """Show who is there."""
        operated, onlookers = self._guard.pages
        others = f", {onlookers} look{'s' * (onlookers == 1)} on" if onlookers else ""
        write(self._pages, f"{'One page operates' if operated else 'Nobody operates'}{others}.")

    def show_gate(self, status: ControllerStatus | None) -> None:
        """Show what the controller says of itself; None: nothing is heard of it."""
        if status is None:
            write(self._state, "**Nothing is heard of the controller.** Is it running?")
            return
        write(self._state, f"{STATES[status.state]} {plain(status.reason or status.commander)}")
        stopped = status.state == ControllerStatus.STOPPED
        if stopped != self._resume.visible:
            self._resume.visible = stopped
            self._question.withdraw()
            write(self._answer, "")

    def show_seen(self, block_names: Sequence[str], age: float, problem: str) -> None:
        """Show which blocks are seen, how old that is (seconds), and what is wrong with it; empty: nothing."""
        if problem:
            write(self._seen, plain(problem))
        else:
            # In steps, so that it is not news each time.
            how_old = f"less than {max(0.1, 0.1 * int(10 * age + 1)):.1f} s"
            write(self._seen, f"Sees blocks **{plain(' '.join(block_names))}**, {how_old} ago.")

    def _call_resume(self) -> None:
        self._errands.call(RESUME, self._tell)

    def _tell(self, done: bool, message: str, response: Any) -> None:
        write(self._answer, plain(message))
