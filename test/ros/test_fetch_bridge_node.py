"""The bridge between the controller and a fake Fetch that stops, faults, lags and is cut off."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from osil import seeds
from osil.core import Action
from osil.fetch_bridge.goals import arm_goal
from osil.robots.gate_config import ON_A_ROBOT
from osil.robots.recency import seconds_since
from osil.robots.robot import load_robot
from osil.robots.trajectory import Trajectory
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import ControllerStatus

from .fake_fetch import FakeFetch
from .fake_tracker import FakeTracker

FETCH = load_robot("fetch")


def push(y: float, steps: int, close: bool = False) -> list[Action]:
    """To the left by metres in so many control steps."""
    return [Action(np.array([0.0, y / steps, 0.0]), np.bool_(close))] * steps


@pytest.fixture(scope="module")
def fetch(processes: NodeProcesses, client: Client, hand) -> Iterator[FakeFetch]:
    with FakeFetch(FETCH.table.random_scene(2, seeds.generator("demonstrate", 0))) as fetch:
        tracker = FakeTracker(fetch)
        processes.start("fetch_bridge", {"port": fetch.port})
        processes.start("controller", {"use_sim_time": False, **ON_A_ROBOT})
        hand.connect()
        yield fetch
        tracker.close()


@pytest.fixture
def told(fetch: FakeFetch, hand, client: Client) -> Iterator[list[ControllerStatus]]:
    """All that the controller says of itself, newest last; at the start all is well and the arm rests."""
    fetch.honest()
    heard: list[ControllerStatus] = []
    subscription = hand.create_subscription(ControllerStatus, topics.CONTROLLER_STATUS, heard.append, topics.LATCHED)
    assert hand.until(lambda: client.call("controller/resume", Trigger).success, 30.0)
    hand.wait(0.7)
    fetch.goals.clear()
    fetch.grips.clear()
    fetch.problems.clear()
    yield heard
    assert not fetch.problems
    hand.destroy_subscription(subscription)


def moved(fetch: FakeFetch, seconds: float) -> float:
    """How far a joint moves during the next ``seconds``, radians."""
    before = fetch.joints
    time.sleep(seconds)
    return float(np.abs(fetch.joints - before).max())


def stopped(told: list[ControllerStatus], reason: str) -> bool:
    return bool(told) and told[-1].state == ControllerStatus.STOPPED and told[-1].reason_name == reason


def test_joint_states_are_merged_and_stamped_by_this_clock(
    fetch: FakeFetch, told: list[ControllerStatus], hand
) -> None:
    ages: list[float] = []

    def note(message: JointState) -> None:
        assert set(message.name) == set(FETCH.all_joints)
        ages.append(seconds_since(convert.to_nanoseconds(message.header.stamp), time.time_ns()))

    subscription = hand.create_subscription(JointState, topics.JOINT_STATES, note, topics.EVERY)
    assert hand.until(lambda: len(ages) > 50)
    hand.destroy_subscription(subscription)
    assert -0.02 < np.median(ages) < 0.1, "though the robot's clock is seconds ahead"


def test_the_arm_follows_and_the_gripper_is_told_once(fetch: FakeFetch, told: list[ControllerStatus], hand) -> None:
    start = hand.gripper().position
    hand.command(push(-0.1, 12, close=True))
    assert hand.until(lambda: start[1] - hand.gripper().position[1] > 0.02)
    assert hand.until(lambda: hand.opening() < 0.005)
    hand.wait(0.7)
    for goal in fetch.goals:
        trajectory = goal["trajectory"]
        assert trajectory["header"]["stamp"] == {"secs": 0, "nsecs": 0}
        assert sorted(trajectory["joint_names"]) == sorted(FETCH.arm_joints)
        assert not np.any(trajectory["points"][-1]["velocities"])
    assert len(fetch.grips) == 1
    assert fetch.grips[0]["max_effort"] > 0.0
    assert moved(fetch, 0.3) < 2e-3, "and the arm rests"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("runstopped", "RUN_STOP"),
        ("faulted", "FAULT"),
        ("breaker_tripped", "FAULT"),
        ("secretive", "LOST_CONNECTION"),
    ],
)
def test_what_the_robot_says_stops_the_arm_until_resumed(
    trouble: str, reason: str, fetch: FakeFetch, told: list[ControllerStatus], hand, client: Client
) -> None:
    setattr(fetch, trouble, True)
    assert hand.until(lambda: stopped(told, reason))
    hand.wait(0.7)
    refused = client.call("controller/resume", Trigger)
    assert not refused.success
    fetch.honest()
    goals = len(fetch.goals)
    hand.command(push(0.05, 10))
    assert len(fetch.goals) == goals, "nothing moves by itself"
    assert stopped(told, reason)
    assert hand.until(lambda: client.call("controller/resume", Trigger).success)
    start = fetch.joints
    hand.command(push(0.05, 10))
    assert hand.until(lambda: np.abs(fetch.joints - start).max() > 0.02)


@pytest.mark.parametrize("cut", ["unplugged", "mute"])
def test_a_lost_connection_stops_the_arm_and_comes_back(
    cut: str, fetch: FakeFetch, told: list[ControllerStatus], hand, client: Client
) -> None:
    hand.command(push(-0.03, 6, close=True))
    assert hand.until(lambda: len(fetch.grips) == 1)
    hand.wait(1.0)
    if cut == "unplugged":
        fetch.unplug()
    else:
        fetch.mute = True
    assert hand.until(lambda: stopped(told, "LOST_CONNECTION"))
    hand.command(push(-0.05, 10))
    fetch.goals.clear()
    if cut == "unplugged":
        fetch.plug_in()
    fetch.honest()
    assert hand.until(lambda: client.call("controller/resume", Trigger).success)
    assert not fetch.goals, "what could not be sent is not sent later"
    assert len(fetch.grips) == 1, "the fingers do not close by themselves: the robot may have been off"
    start = fetch.joints
    hand.command(push(-0.05, 10, close=True))
    assert hand.until(lambda: np.abs(fetch.joints - start).max() > 0.02)
    assert hand.until(lambda: len(fetch.grips) > 1), "the next command tells them again"
    hand.command(push(0.0, 6))  # and open again for what comes next


def test_what_a_silent_network_holds_up_ends_gently(fetch: FakeFetch, told: list[ControllerStatus], hand) -> None:
    hand.command(push(-0.15, 8))
    fetch.mute = True
    hand.command(push(-0.15, 16))
    begun, goals = len(fetch.measured), len(fetch.goals)
    fetch.honest()
    hand.wait(1.0)
    assert len(fetch.goals) > goals, "it arrives late"
    (last,) = fetch.goals[-1]["trajectory"]["points"]
    assert not any(last["velocities"])
    assert last["time_from_start"]["secs"] + 1e-9 * last["time_from_start"]["nsecs"] >= 0.5
    measured = np.array([joints for _, joints in fetch.measured[begun:]])
    smooth = measured[::12]  # every 50 ms
    accelerations = np.diff(smooth, n=2, axis=0) / 0.05**2
    assert (np.abs(accelerations) / FETCH.acceleration).max() < 1.0


def test_fingers_do_not_do_late_what_they_were_told_in_a_silence(
    fetch: FakeFetch, told: list[ControllerStatus], hand
) -> None:
    fetch.mute = True
    hand.wait(0.5)
    hand.command(push(0.0, 2, close=True))
    fetch.honest()
    hand.wait(1.0)
    assert not fetch.grips
    hand.command(push(0.0, 2))


def test_a_goal_of_another_program_stops_the_arm_and_is_named(
    fetch: FakeFetch, told: list[ControllerStatus], hand, client: Client
) -> None:
    still = Trajectory(np.array([0.0, 0.5]), np.tile(fetch.joints, (2, 1)), np.zeros((2, len(FETCH.arm_joints))))
    fetch.command(arm_goal(FETCH, still, 0)["goal"], "/move_group-1")
    assert hand.until(lambda: stopped(told, "FAULT"))
    assert "/move_group-1" in told[-1].reason
    assert hand.until(lambda: client.call("controller/resume", Trigger).success)


@pytest.mark.parametrize(
    "changes",
    [
        {"position": [[0.1]]},
        {"header": {"stamp": {"secs": 1e300, "nsecs": 0}}},
        {"header": {"stamp": {"secs": 1.5, "nsecs": 0.5}}},
        {"name": None},
    ],
)
def test_a_bridge_survives_what_it_cannot_read(
    changes: dict[str, object], fetch: FakeFetch, told: list[ControllerStatus], hand, processes: NodeProcesses
) -> None:
    stamp = {"secs": int(fetch.now()), "nsecs": 0}
    message = {"header": {"stamp": stamp}, "name": [FETCH.arm_joints[0]], "position": [0.0], **changes}
    bridge = processes.pid("fetch_bridge")
    fetch.publish("/joint_states", message)
    hand.wait(0.5)
    os.kill(bridge, 0)
    start = fetch.joints
    hand.command(push(0.03, 10))
    assert hand.until(lambda: np.abs(fetch.joints - start).max() > 0.01)


def test_joints_that_cannot_be_stop_the_arm(fetch: FakeFetch, told: list[ControllerStatus], hand) -> None:
    fetch.absurd = {"elbow_flex_joint": 9.0}
    assert hand.until(lambda: stopped(told, "IMPLAUSIBLE_JOINT_STATE"))


def test_frozen_joints_move_nothing(fetch: FakeFetch, told: list[ControllerStatus], hand) -> None:
    fetch.frozen = True
    hand.wait(0.5)
    fetch.goals.clear()
    hand.command(push(0.05, 10))
    assert not fetch.goals
    assert told[-1].reason_name == "STALE_JOINT_STATE"


def test_a_bridge_that_is_killed_leaves_the_arm_at_rest(
    fetch: FakeFetch, told: list[ControllerStatus], hand, processes: NodeProcesses, client: Client
) -> None:
    hand.command(push(0.05, 8))
    os.kill(processes.pid("fetch_bridge"), signal.SIGKILL)
    time.sleep(0.5)
    assert moved(fetch, 0.3) < 2e-3
    assert hand.until(lambda: stopped(told, "LOST_CONNECTION"))
    processes.stop(["fetch_bridge"])
    processes.start("fetch_bridge", {"port": fetch.port})
    assert hand.until(lambda: client.call("controller/resume", Trigger).success, 30.0)
    start = fetch.joints
    hand.command(push(-0.05, 10))
    assert hand.until(lambda: np.abs(fetch.joints - start).max() > 0.02)
