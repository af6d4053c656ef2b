"""Goals of an action that end even if nobody answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from action_msgs.msg import GoalInfo
from action_msgs.srv import CancelGoal
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.task import Future
from unique_identifier_msgs.msg import UUID

ANSWER = 15.0
"""Seconds of the machine's clock within which a server has to accept or reject a goal: it may be busy."""

ALL = UUID()
"""What all goals of an action are cancelled by, whoever has sent them."""


class GoalSender:
    """An action client whose goals can be cancelled before they are accepted.

    A server that has only just met its client may take a goal and lose the answer. rclpy's own way to cancel begins
    with that answer, so that nobody could end what the goal sets going. Here the goal's own name is enough.
    """

    def __init__(self, node: Node, kind: Any, action: str) -> None:
        """``kind``: the action's type."""
        self.action = action
        self._client = ActionClient(node, kind, action)
        self._cancel = node.create_client(CancelGoal, f"{action}/_action/cancel_goal")

    @property
    def ready(self) -> bool:
        """Whether somebody offers the action."""
        return self._client.server_is_ready()

    @property
    def unanswered(self) -> str:
        """What to say of a goal that was not answered in time."""
        return f"{self.action} has not answered for {ANSWER:.0f} s; ask again"

    def send(self, goal: Any, hear: Callable[[Any], None] | None = None) -> tuple[Future, UUID]:
        """The goal's handle, in future, and what it is cancelled by. ``hear``: called with each feedback message."""
        name = UUID(uuid=list(uuid4().bytes))
        return self._client.send_goal_async(goal, hear, name), name

    def cancel(self, name: UUID) -> None:
        """Ask for the end of a goal. One that its server does not know yet is not ended by this."""
        if self._cancel.service_is_ready():
            self._cancel.call_async(CancelGoal.Request(goal_info=GoalInfo(goal_id=name)))

    def close(self) -> None:
        """Leave the action alone."""
        self._client.destroy()
