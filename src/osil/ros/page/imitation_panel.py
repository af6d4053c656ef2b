"""Demonstrations that there are, what the policy understands of them, and their imitation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rclpy.node import Node
from viser import GuiApi, GuiDropdownHandle, GuiEvent

from osil.ros.page.errands import Errands
from osil.ros.page.goal import Goal
from osil.ros.page.inbox import Inbox
from osil.ros.page.question import Question
from osil.ros.page.words import plain, write
from osil_interfaces.srv import ListDemonstrations, UnderstandDemonstration

LIST, UNDERSTAND = "recorder/list", "policy/understand"

NONE = "(none yet)"


class ImitationPanel:
    """Choose, see what was understood, say yes, watch."""

    def __init__(self, gui: GuiApi, inbox: Inbox, errands: Errands, node: Node, confirm: bool) -> None:
        """Make the controls in the current container of ``gui``; ``confirm``: ask before anything moves."""
        self._inbox, self._errands, self._confirm = inbox, errands, confirm
        errands.know(LIST, ListDemonstrations)
        errands.know(UNDERSTAND, UnderstandDemonstration)
        self._goal = Goal(node, self._ended)
        self._stale = True
        self._facts: dict[str, str] = {}
        self._choice = gui.add_dropdown("Shown", (NONE,))
        self._about = gui.add_markdown("")
        self._imitate = gui.add_button("Imitate ...", color="blue", disabled=True)
        self._question = Question(gui, inbox, "Yes, move", "No")
        self._cancel = gui.add_button("Cancel", color="gray", visible=False)
        self._progress = gui.add_progress_bar(0.0, visible=False)
        self._told = gui.add_markdown("")
        self._choice.on_update(self._on_choice)
        inbox.collect(self._imitate, self._ask)
        inbox.collect(self._cancel, self._goal.cancel)

    def close(self) -> None:
        """Leave the policy alone."""
        self._goal.close()

    def refresh(self) -> None:
        """Look anew which demonstrations there are, as soon as the recorder tells."""
        self._stale = True

    @property
    def roles(self) -> Mapping[str, str]:
        """What part blocks have in the imitation under way, by name."""
        feedback = self._goal.feedback
        if not self._goal.under_way or feedback is None:
            return {}
        return {feedback.target: "below", feedback.source: "moves"}

    def look(self) -> None:
        """Show which demonstrations there are, and how far the imitation is."""
        if self._stale and self._errands.ready(LIST):
            self._stale = False
            self._errands.call(LIST, self._listed)
        self._goal.look()
        feedback = self._goal.feedback
        if self._goal.under_way and feedback is not None:
            write(
                self._told,
                f"**{feedback.stage} of {feedback.stages_total}** stages, {feedback.seconds:.0f} s. Attends to "
                f"**{plain(feedback.source)}** to be put onto **{plain(feedback.target)}**, and to the moment of the "
                "demonstration that the bar shows.",
            )
            self._progress.value = round(100.0 * min(1.0, max(0.0, feedback.progress)))

    async def _on_choice(self, event: GuiEvent[GuiDropdownHandle[str]]) -> None:
        self._inbox.put(self._show_choice)

    def _show_choice(self) -> None:
        self._question.withdraw()
        write(self._about, self._facts.get(self._choice.value, ""))

    def _listed(self, done: bool, message: str, response: ListDemonstrations.Response | None) -> None:
        if response is None:
            self._stale = True
            return
        newest = response.names[-1] if response.names else NONE
        chosen = newest if set(response.names) != self._facts.keys() else self._choice.value
        self._facts = {
            name: f"{seconds:.1f} s, {steps} steps; blocks **{plain(' '.join(blocks))}**; shown "
            f"{datetime.fromtimestamp(created.sec):%Y-%m-%d %H:%M}"
            for name, seconds, steps, blocks, created in zip(
                response.names, response.durations, response.steps, response.blocks, response.created, strict=True
            )
        }
        self._choice.options = tuple(reversed(response.names)) or (NONE,)
        self._choice.value = chosen
        self._imitate.disabled = not response.names
        self._show_choice()

    def _ask(self) -> None:
        if not self._goal.under_way:
            self._errands.call(UNDERSTAND, self._understood, demonstration=self._choice.value)

    def _understood(self, done: bool, message: str, response: UnderstandDemonstration.Response | None) -> None:
        if not done or response is None:
            write(self._told, plain(message))
            return
        demonstration = self._choice.value
        stages = [
            f"{number}. **{plain(stage.source)}** onto **{plain(stage.target)}**, shown from {stage.begin:.1f} to "
            f"{stage.end:.1f} s, {100 * stage.confidence:.0f} % sure"
            for number, stage in enumerate(response.understood, 1)
        ]
        understood = "\n".join(["**What I understood**\n", *stages]) if stages else "I understood **nothing** of it."
        write(self._told, "")
        if self._confirm:
            self._question.ask(
                f"{understood}\n\nShall I do this with the blocks as they lie now?", lambda: self._run(demonstration)
            )
        else:
            self._run(demonstration)

    def _run(self, demonstration: str) -> None:
        self._goal.send(demonstration)
        self._show_running(True)

    def _ended(self, succeeded: bool, reason: str) -> None:
        write(self._told, f"**{'Done' if succeeded else 'Ended'}:** {plain(reason)}")
        self._show_running(False)

    def _show_running(self, running: bool) -> None:
        self._imitate.visible, self._choice.disabled = not running, running
        self._cancel.visible = self._progress.visible = running
