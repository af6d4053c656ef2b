"""Goals whose answer is lost, or comes late: whoever waits is told, and what they set going is ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from osil.ros import farewell, goal_sender, topics
from osil.ros.page import goal as page_goal
from osil.ros.page.goal import Goal
from osil.ros.status import StatusTopic
from osil_interfaces.action import Imitate
from osil_interfaces.msg import PolicyStatus


class LatePolicy(Node):
    """Offers the action, and is told of goals only while it is spun.

    Attributes:
        ended: how many goals were cancelled.
    """

    def __init__(self) -> None:
        super().__init__("late_policy")
        self.ended = 0
        self.server = ActionServer(
            self, Imitate, page_goal.ACTION, self._imitate, cancel_callback=lambda goal: CancelResponse.ACCEPT
        )

    async def _imitate(self, goal: ServerGoalHandle) -> Imitate.Result:
        while not goal.is_cancel_requested:
            await self._turn()
        goal.canceled()
        self.ended += 1
        return Imitate.Result()

    async def _turn(self) -> None:
        """Let the other callbacks go on."""
        future = rclpy.task.Future(executor=self.executor)
        timer = self.create_timer(0.01, lambda: future.set_result(None))
        await future
        self.destroy_timer(timer)


@pytest.fixture
def late(ros: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LatePolicy, Node, Callable[..., bool]]]:
    """The policy, the node of who sends goals, and how to wait."""
    for module in (goal_sender, page_goal):
        monkeypatch.setattr(module, "ANSWER", 1.0)
    policy, sender = LatePolicy(), rclpy.create_node("sender")
    status = StatusTopic(sender, topics.POLICY_STATUS, PolicyStatus())  # the policy lives, as far as one hears
    assert status.message is not None
    seen, deaf = SingleThreadedExecutor(), SingleThreadedExecutor()
    seen.add_node(sender)
    deaf.add_node(policy)

    def until(over: Callable[[], bool], both: bool = False) -> bool:
        deadline = time.monotonic() + 20.0
        while not over() and time.monotonic() < deadline:
            seen.spin_once(0.02)
            if both:
                deaf.spin_once(0.02)
        return over()

    yield policy, sender, until
    seen.shutdown()
    deaf.shutdown()
    policy.server.destroy()
    policy.destroy_node()
    sender.destroy_node()


def test_a_goal_that_nobody_answers_ends_and_what_it_set_going_later_too(late) -> None:
    policy, sender, until = late
    outcomes: list[tuple[bool, str]] = []
    goal = Goal(sender, lambda succeeded, reason: outcomes.append((succeeded, reason)))

    def looked() -> bool:
        goal.look()
        return bool(outcomes)

    assert until(lambda: not goal.missing)
    goal.send("shown")
    assert until(looked)
    assert outcomes == [(False, "policy/imitate has not answered for 1 s; ask again")]
    assert not goal.under_way
    assert until(lambda: policy.ended == 1, both=True), "it was taken after all"
    assert len(outcomes) == 1
    goal.send("shown")
    assert until(lambda: goal.under_way, both=True)
    goal.cancel()
    assert until(lambda: len(outcomes) == 2, both=True), "one that is answered in time is told of by the policy"
    goal.close()


def test_a_goal_whose_answer_is_lost_can_be_cancelled(late, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, sender, until = late
    goal = Goal(sender, lambda succeeded, reason: None)
    monkeypatch.setattr(goal, "_accepted", lambda number, sent: None)
    assert until(lambda: not goal.missing)
    goal.send("shown")
    assert until(lambda: policy.server._goal_handles != {}, both=True)
    goal.cancel()
    assert until(lambda: policy.ended == 1, both=True)
    goal.close()


def test_who_leaves_ends_the_goal_first(late, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, sender, until = late
    monkeypatch.setattr(farewell, "FAREWELL", 10.0)
    outcomes: list[bool] = []
    goal = Goal(sender, lambda succeeded, reason: outcomes.append(succeeded))
    assert until(lambda: not goal.missing)
    goal.send("shown")
    assert until(lambda: goal._answered, both=True)
    heeding = threading.Thread(target=policy.executor.spin, daemon=True)
    heeding.start()
    goal.close()
    assert policy.ended == 1
    assert outcomes == [False]
    policy.executor.shutdown()
    heeding.join()


def test_a_goal_whose_sender_has_gone_can_be_cancelled_by_the_next(late) -> None:
    policy, sender, until = late
    before, after = (Goal(sender, lambda succeeded, reason: None) for _ in range(2))
    assert until(lambda: not before.missing and not after.missing)
    before.send("shown")
    assert until(lambda: before._answered, both=True)
    assert not after.cancellable
    told = sender.create_publisher(PolicyStatus, topics.POLICY_STATUS, topics.LATCHED)
    assert until(lambda: told.publish(PolicyStatus(state=PolicyStatus.ACTING)) or after.cancellable)
    after.cancel()
    assert until(lambda: policy.ended == 1, both=True)
    assert until(lambda: not before.under_way, both=True)
    for goal in (before, after):
        goal.close()
