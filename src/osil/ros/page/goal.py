"""One goal at a time for the policy: sent, followed, cancelled."""

from __future__ import annotations

from collections.abc import Callable

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from osil_interfaces.action import Imitate

ACTION = "policy/imitate"


class Goal:
    """Call it from the thread that spins the node.

    Attributes:
        feedback: the newest; None before the first of a goal.
        under_way: whether a goal was sent and has not ended.
    """

    def __init__(self, node: Node, ended: Callable[[bool, str], object]) -> None:
        """``ended``: called when a goal has ended, with whether it succeeded, and the outcome in words."""
        self.feedback: Imitate.Feedback | None = None
        self.under_way = False
        self._client = ActionClient(node, Imitate, ACTION)
        self._ended = ended
        self._handle: ClientGoalHandle | None = None

    def close(self) -> None:
        """Leave the action alone."""
        self._client.destroy()

    def send(self, demonstration: str) -> None:
        """Have a demonstration imitated, without a time limit."""
        self.under_way, self.feedback, self._handle = True, None, None
        goal = Imitate.Goal(demonstration=demonstration)
        self._client.send_goal_async(goal, self._hear).add_done_callback(self._accepted)

    def cancel(self) -> None:
        """Ask for the end of the goal."""
        if self._handle is not None:
            self._handle.cancel_goal_async()

    def look(self) -> None:
        """Notice that nobody is there who would tell the end."""
        if self.under_way and not self._client.server_is_ready():
            self._end(
                False, f"nobody offers {ACTION}: the policy is not running, or sees no robot, blocks or controller"
            )

    def _hear(self, message: Imitate.Impl.FeedbackMessage) -> None:
        self.feedback = message.feedback

    def _accepted(self, sent: Future) -> None:
        self._handle = sent.result()
        self._handle.get_result_async().add_done_callback(self._over)

    def _over(self, answered: Future) -> None:
        answer = answered.result()
        self._end(answer.status == GoalStatus.STATUS_SUCCEEDED, answer.result.reason)

    def _end(self, succeeded: bool, reason: str) -> None:
        if self.under_way:
            self.under_way = False
            self._ended(succeeded, reason)
