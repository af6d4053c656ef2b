"""What the policy understands of the demonstration that is chosen, and its imitation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

from rclpy.node import Node
from viser import GuiApi

from osil.ros.page.errands import Errands
from osil.ros.page.goal import SILENT, Goal
from osil.ros.page.inbox import Inbox
from osil.ros.page.pictures import html_image
from osil.ros.page.question import Question
from osil.ros.page.shelf import Shelf
from osil.ros.page.words import plain, write
from osil_interfaces.action import Imitate
from osil_interfaces.msg import UnderstoodStage
from osil_interfaces.srv import UnderstandDemonstration

UNDERSTAND = "policy/understand"


class ImitationPanel:
    """See what was understood, say yes, watch."""

    def __init__(self, gui: GuiApi, inbox: Inbox, errands: Errands, shelf: Shelf, node: Node, confirm: bool) -> None:
        """Make the controls in the current container of ``gui``; ``confirm``: ask before anything moves."""
        self._errands, self._shelf, self._confirm = errands, shelf, confirm
        errands.know(UNDERSTAND, UnderstandDemonstration)
        self._goal = Goal(node, self._ended)
        self._demonstration = ""
        self._understood_stages: Sequence[UnderstoodStage] = ()
        self._about = gui.add_markdown("")
        self._imitate = gui.add_button("Imitate ...", color="blue", visible=False)
        self._question = Question(gui, inbox, "Yes, move", "No")
        self._cancel = gui.add_button("Cancel", color="gray", visible=False)
        self._progress = gui.add_progress_bar(0.0, visible=False)
        self._told = gui.add_markdown("")
        inbox.collect(self._imitate, self._ask)
        inbox.collect(self._cancel, self._goal.cancel)

    def close(self) -> None:
        """End the imitation, if one is under way, and leave the policy alone."""
        self._goal.close()

    def choose(self, demonstration: str) -> None:
        """Imitate this one from now on; empty: none."""
        self._demonstration = demonstration
        self._question.withdraw()
        self._show_running(self._goal.under_way)

    @property
    def feedback(self) -> Imitate.Feedback | None:
        """The newest of the imitation under way; None: there is none."""
        return self._goal.feedback if self._goal.under_way else None

    @property
    def roles(self) -> Mapping[str, str]:
        """What part blocks have in it, by name."""
        feedback = self.feedback
        return {} if feedback is None else {feedback.target: "below", feedback.source: "moves"}

    @property
    def stages(self) -> Sequence[UnderstoodStage]:
        """What is understood of it, or of the demonstration about which the question is asked."""
        if self.feedback is not None:
            return self.feedback.understood
        return self._understood_stages if self._question.waited else ()

    def look(self) -> None:
        """Show how far the imitation is, or that there will be none."""
        self._goal.look()
        if self._question.waited > SILENT and (problem := self._goal.missing):
            self._question.withdraw()
            write(self._told, f"**Nothing was begun:** {plain(problem)}")
        self._cancel.visible = self._goal.cancellable
        feedback = self.feedback
        if feedback is not None:
            write(
                self._told,
                f"**{feedback.stage} of {feedback.stages_total}** stages, {feedback.seconds:.0f} s. Attends to "
                f"**{plain(feedback.source)}** to be put onto **{plain(feedback.target)}**, and to the moment of the "
                "demonstration that the bar shows.",
            )
            self._progress.value = round(100.0 * min(1.0, max(0.0, feedback.progress)))

    def _ask(self) -> None:
        if not self._goal.under_way:
            name = self._demonstration
            self._errands.call(UNDERSTAND, partial(self._understood, name), demonstration=name)

    def _understood(
        self, demonstration: str, done: bool, message: str, response: UnderstandDemonstration.Response | None
    ) -> None:
        if demonstration != self._demonstration or self._goal.under_way:  # the answer to an earlier question
            return
        if not done or response is None:
            write(self._told, plain(message))
            return
        stages = [
            f"{number}. **{plain(stage.source)}** onto **{plain(stage.target)}**, shown from {stage.begin:.1f} to "
            f"{stage.end:.1f} s, {100 * stage.confidence:.0f} % sure"
            for number, stage in enumerate(response.understood, 1)
        ]
        understood = "\n".join(["**What I understood**\n", *stages]) if stages else "I understood **nothing** of it."
        write(self._told, "")
        self._understood_stages = response.understood
        if self._confirm:
            self._question.ask(
                f"{understood}\n\nShall I do this with the blocks as they lie now?", lambda: self._run(demonstration)
            )
            spans = [(one.begin, one.end) for one in response.understood]
            self._shelf.draw(demonstration, spans, partial(self._illustrate, demonstration))
        else:
            self._run(demonstration)

    def _illustrate(self, demonstration: str, pictures: list[bytes] | str) -> None:
        """Show how each stage ends, in order, or why not, if it is still asked about this demonstration."""
        if demonstration != self._demonstration:
            return
        if isinstance(pictures, str):
            shown = f"No pictures: {escape(pictures)}"
        else:
            shown = "".join(html_image(picture, "width:calc(50% - .25em)") for picture in pictures)
        row = "display:flex;flex-wrap:wrap;gap:.5em;margin:0 .75em .5em"
        self._question.illustrate(f'<div style="{row}">{shown}</div>')

    def _run(self, demonstration: str) -> None:
        self._goal.send(demonstration)
        self._show_running(True)

    def _ended(self, succeeded: bool, reason: str) -> None:
        write(self._told, f"**{'Done' if succeeded else 'Ended'}:** {plain(reason)}")
        self._show_running(False)

    def _show_running(self, running: bool) -> None:
        if self._demonstration:
            write(self._about, f"Shown: **{plain(self._demonstration)}**")
        else:
            write(self._about, "Record a demonstration first, or choose one.")
        self._imitate.visible = bool(self._demonstration) and not running
        self._cancel.visible = self._goal.cancellable
        self._progress.visible = running
