"""The whole stack behind a tracker that is late or says what cannot be, and before an arm that stops listening."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osil.ros import convert
from osil.ros.client import Client
from osil.ros.node_processes import ROBOT_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil_interfaces.action import Imitate
from osil_interfaces.msg import BlockPoseArray
from osil_interfaces.srv import ResetScene

from .relay import Relay

TASK = StackingTask.parse("ba +c")
ROBOT = "robot"


@pytest.fixture(scope="module")
def relay(processes: NodeProcesses, client: Client, folder: Path) -> Iterator[Relay]:
    """The simulated robot lives in a namespace; what it says reaches the nodes through the relay alone."""
    relay = Relay(robot=f"{ROBOT}/")
    processes.start("simulation", {"num_blocks": TASK.num_blocks}, namespace=ROBOT)
    for node in ROBOT_NODES:
        processes.start(node, {"demonstrations": str(folder)} if node in ("recorder", "policy") else None)
    yield relay
    relay.close()


@pytest.fixture(scope="module")
def shown(relay: Relay, client: Client) -> str:
    """A demonstration taught while the tracker is 100 ms late."""
    relay.delay = 0.1
    reset(client, seed=0)
    client.teach(str(TASK), "shown", 120.0)
    return "shown"


def reset(client: Client, seed: int) -> None:
    answer = client.call(f"{ROBOT}/simulation/reset", ResetScene, num_blocks=TASK.num_blocks, seed=seed)
    assert answer.success, answer.message


@pytest.mark.parametrize("delay", [0.1, 0.15])
def test_a_late_tracker_is_seen_as_what_it_is(relay: Relay, client: Client, shown: str, delay: float) -> None:
    relay.delay = delay
    reset(client, seed=1)
    ages: list[float] = []
    result = client.imitate(shown, 60.0, 0, lambda feedback: ages.append(feedback.observation_age))
    assert result.outcome == Imitate.Result.SUCCEEDED, result.reason
    assert max(ages) >= delay - 0.02
    relay.delay = 0.0
    assert layout_reached(TASK, client.scene("abc"), NOMINAL)


def zero_quaternion(message: BlockPoseArray) -> bool:
    turn = message.blocks[0].pose.orientation
    turn.x = turn.y = turn.z = turn.w = 0.0
    return True


def long_quaternion(message: BlockPoseArray) -> bool:
    message.blocks[0].pose.orientation.w = 4.0
    return True


def far_away(message: BlockPoseArray) -> bool:
    message.blocks[1].pose.position.x = 1e6
    return True


def leapt(message: BlockPoseArray) -> bool:
    message.blocks[2].pose.position.z = 1.5
    return True


def of_the_future(message: BlockPoseArray) -> bool:
    message.header.stamp = convert.to_stamp(convert.to_nanoseconds(message.header.stamp) + 10 * convert.NANOSECONDS)
    return True


def unstamped(message: BlockPoseArray) -> bool:
    message.header.stamp = convert.to_stamp(0)
    return True


@pytest.mark.parametrize(
    ("falsify", "reason"),
    [
        (zero_quaternion, "unit quaternion"),
        (long_quaternion, "unit quaternion"),
        (far_away, "block b is said to be at"),
        (leapt, "block c moved by"),
        (of_the_future, "the clocks differ by 10.0 s"),
        (unstamped, "no time stamp"),
        (lambda message: False, "no block poses have come"),
    ],
    ids=["zero quaternion", "long quaternion", "far away", "leapt", "future", "unstamped", "silent"],
)
def test_what_cannot_be_ends_the_goal_by_name_and_the_arm_rests(
    relay: Relay, client: Client, shown: str, falsify: Callable[[BlockPoseArray], bool], reason: str
) -> None:
    relay.honest()
    reset(client, seed=1)

    def after_a_second(feedback: Imitate.Feedback) -> None:
        if feedback.seconds > 1.0:
            relay.blocks = falsify

    result = client.imitate(shown, 60.0, 0, after_a_second)
    assert result.outcome == Imitate.Result.OBSERVATION_LOST
    assert reason in result.reason
    relay.honest()
    for _ in range(3):
        client.scene()  # takes half a second; the arm slows down
    sent = len(relay.sent)
    client.scene()
    assert len(relay.sent) == sent, "and then it is left where it is"


def test_an_arm_that_stops_listening_ends_the_goal_and_does_not_move_by_itself(
    relay: Relay, client: Client, shown: str
) -> None:
    relay.honest()
    reset(client, seed=1)

    def on_the_way(feedback: Imitate.Feedback) -> None:
        """To the first block; from an arm that has never moved readings would be taken for frozen."""
        relay.cut = relay.cut or feedback.seconds > 0.4

    result = client.imitate(shown, 60.0, 0, on_the_way)
    assert result.outcome == Imitate.Result.CONTROLLER_LOST
    assert "does not" in result.reason, "the arm does not move, or by then the fingers are told something and do not"
    relay.cut = False
    sent = len(relay.sent)
    for _ in range(3):
        client.scene()
    assert len(relay.sent) == sent, "nothing moves until a new goal"
    assert client.imitate(shown, 60.0, 0, lambda feedback: None).outcome == Imitate.Result.SUCCEEDED
