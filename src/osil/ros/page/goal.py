"""One goal at a time for the policy: sent, followed, cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from action_msgs.msg import GoalStatus
from rclpy.action.client import ClientGoalHandle
from rclpy.node import Node
from rclpy.task import Future
from unique_identifier_msgs.msg import UUID

from osil.ros import topics
from osil.ros.farewell import linger
from osil.ros.goal_sender import ALL, ANSWER, GoalSender
from osil.ros.status import StatusWatch
from osil_interfaces.action import Imitate
from osil_interfaces.msg import PolicyStatus

ACTION = "policy/imitate"

SILENT = 2.0
"""Seconds of the machine's clock after which a policy that says nothing is gone: it does so twice a second."""


class Goal:
    """Call it from the thread that spins the node.

    Attributes:
        feedback: the newest; None before the first of a goal.
    """

    def __init__(self, node: Node, ended: Callable[[bool, str], object]) -> None:
        """``ended``: called when a goal has ended, with whether it succeeded, and the outcome in words."""
        self.feedback: Imitate.Feedback | None = None
        self._node = node
        self._sender = GoalSender(node, Imitate, ACTION)
        self._policy = StatusWatch(node, PolicyStatus, topics.POLICY_STATUS)
        self._ended = ended
        self._number, self._running = 0, 0  # goals have numbers, so that what comes late of one is not taken for news
        self._sent, self._name = 0.0, UUID()
        self._answered, self._cancelled = False, False

    def close(self) -> None:
        """End the goal that is under way, and leave the action alone: nobody else knows by what it is cancelled."""
        if self.under_way:
            self.cancel()
            linger(self._node, lambda: not self.under_way)
        self._sender.close()

    @property
    def under_way(self) -> bool:
        """Whether a goal was sent and has not ended."""
        return self._running > 0

    @property
    def cancellable(self) -> bool:
        """Whether a goal is under way, even one that somebody else has sent, such as the page before this one."""
        status = self._policy.status
        acts = status is not None and status.state != PolicyStatus.IDLE and not self._policy.problem(SILENT)
        return self.under_way or acts

    @property
    def missing(self) -> str:
        """Why nothing can be asked of the policy now; empty if it can."""
        if problem := self._policy.problem(SILENT):
            return problem
        if not self._sender.ready:
            return f"nobody offers {ACTION}: the policy is not running, or sees no robot, blocks or controller"
        return ""

    def send(self, demonstration: str) -> None:
        """Have a demonstration imitated, without a time limit."""
        self._number += 1
        self._running, self.feedback = self._number, None
        self._sent, self._answered, self._cancelled = time.monotonic(), False, False
        goal = Imitate.Goal(demonstration=demonstration)
        sent, self._name = self._sender.send(goal, partial(self._hear, self._number))
        sent.add_done_callback(partial(self._accepted, self._number))

    def cancel(self) -> None:
        """Ask for the end of the goal, as soon as it has begun; if none was sent from here, for that of all."""
        self._cancelled = True
        self._sender.cancel(self._name if self.under_way else ALL)

    def look(self) -> None:
        """Notice that nobody is there who would tell the end."""
        late = time.monotonic() - self._sent > ANSWER
        if not self.under_way or (self.feedback is None and not late):  # while it takes in what was shown, it is silent
            return
        if problem := self.missing or (self._sender.unanswered if late and not self._answered else ""):
            self.cancel()  # should it be there after all
            self._end(self._running, False, problem)

    def _hear(self, number: int, message: Imitate.Impl.FeedbackMessage) -> None:
        if number == self._running:
            self.feedback = message.feedback

    def _accepted(self, number: int, sent: Future) -> None:
        handle: ClientGoalHandle = sent.result()
        handle.get_result_async().add_done_callback(partial(self._over, number))
        self._answered |= number == self._running
        if number != self._running or self._cancelled:  # nobody waits for it any more
            handle.cancel_goal_async()

    def _over(self, number: int, answered: Future) -> None:
        answer = answered.result()
        self._end(number, answer.status == GoalStatus.STATUS_SUCCEEDED, answer.result.reason)

    def _end(self, number: int, succeeded: bool, reason: str) -> None:
        if number == self._running:
            self._running = 0
            self._ended(succeeded, reason)
