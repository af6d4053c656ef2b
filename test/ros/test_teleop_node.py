"""Joystick, keyboard and scripted operator, as far as the gripper commands that come of them."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool

from osil.core import Action
from osil.robots.frames import GRIPPER_FRAME
from osil.ros import topics
from osil.ros.client import Client
from osil.ros.joystick import Joystick
from osil.ros.node_processes import NodeProcessError, NodeProcesses, program
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil_interfaces.msg import BlockPoseArray

STILL = Action(np.zeros(3), np.bool_(False))
CLOSE = Action(np.zeros(3), np.bool_(True))
LEFT = Action(np.array([0.0, 0.01, 0.0]), np.bool_(False))


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand) -> None:
    processes.start("simulation", {"num_blocks": 2})
    processes.start("controller")
    processes.start("teleop")
    hand.connect()


@pytest.fixture
def twists(hand) -> Iterator[list[TwistStamped]]:
    """What teleoperation commands."""
    heard: list[TwistStamped] = []
    subscription = hand.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, heard.append, 10)
    assert hand.until(lambda: hand.count_publishers(topics.TELEOP_GRIPPER_TWIST) > 1)
    hand.wait(0.5)  # whatever was steered before is over
    heard.clear()
    yield heard
    hand.destroy_subscription(subscription)


def test_a_held_stick_commands_until_it_falls_silent(hand, twists: list[TwistStamped]) -> None:
    hand.steer([LEFT] * 8)
    assert hand.until(lambda: len(twists) >= 5)
    assert twists[0].header.frame_id == GRIPPER_FRAME
    assert twists[0].twist.linear.y == pytest.approx(0.2)
    hand.wait(0.6)
    assert twists[-1].twist.linear.y == 0.0, "let go, it says stop"
    count = len(twists)
    hand.wait(0.5)
    assert len(twists) == count, "and then nothing"


def test_nothing_moves_without_the_dead_man_button(hand, twists: list[TwistStamped]) -> None:
    joystick = hand.create_publisher(Joy, topics.JOY, 1)
    assert hand.until(lambda: joystick.get_subscription_count() > 0)
    for _ in range(10):
        joystick.publish(Joy(axes=[1.0] * 6, buttons=[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
        hand.wait(0.05)
    hand.destroy_publisher(joystick)
    assert not twists


@pytest.fixture
def grips(hand) -> Iterator[list[bool]]:
    """What teleoperation commands the fingers."""
    heard: list[bool] = []
    subscription = hand.create_subscription(Bool, topics.TELEOP_GRIPPER, lambda grip: heard.append(grip.data), 10)
    assert hand.until(lambda: hand.count_subscribers(topics.TELEOP_GRIPPER) > 1)
    yield heard
    hand.destroy_subscription(subscription)


def hold(hand, joystick: Publisher, *messages: Joy, times: int = 8) -> None:
    """Each of the messages so many times, as a driver repeats them."""
    assert hand.until(lambda: joystick.get_subscription_count() > 0)
    for message in messages:
        for _ in range(times):
            joystick.publish(message)
            hand.wait(0.05)


@pytest.fixture
def joystick(hand) -> Iterator[Publisher]:
    joystick = hand.create_publisher(Joy, topics.JOY, 1)
    yield joystick
    hand.destroy_publisher(joystick)


def test_the_dead_man_button_alone_leaves_the_fingers_as_they_are(
    hand, pad: Joystick, joystick: Publisher, twists: list[TwistStamped], grips: list[bool]
) -> None:
    hand.command([CLOSE] * 5)
    assert hand.until(lambda: hand.opening() < 0.01)
    hold(hand, joystick, pad.encode(STILL, gripper=False), times=20)
    assert len(twists) > 5, "teleoperation has taken over"
    assert grips == []
    assert hand.opening() < 0.01
    hold(hand, joystick, pad.encode(STILL))
    assert set(grips) == {False}
    assert hand.until(lambda: hand.opening() > 0.05), "but the button opens them"


def test_both_gripper_buttons_at_once_are_no_command(
    hand, pad: Joystick, joystick: Publisher, twists: list[TwistStamped], grips: list[bool]
) -> None:
    both = pad.encode(CLOSE)
    both.buttons[pad.button_open] = 1
    hold(hand, joystick, both)
    assert len(twists) > 3
    assert grips == []


def test_a_gripper_button_from_before_the_dead_man_button_counts_once_it_is_pressed_anew(
    hand, pad: Joystick, joystick: Publisher, twists: list[TwistStamped], grips: list[bool]
) -> None:
    alone = pad.encode(STILL)
    alone.buttons[pad.button_dead_man] = 0
    hold(hand, joystick, alone, pad.encode(STILL))
    assert len(twists) > 3
    assert grips == []
    hold(hand, joystick, pad.encode(STILL, gripper=False), pad.encode(STILL))
    assert set(grips) == {False}


def test_what_others_did_to_the_fingers_is_not_undone(
    hand, pad: Joystick, joystick: Publisher, grips: list[bool]
) -> None:
    hold(hand, joystick, pad.encode(STILL), pad.released())
    hand.wait(0.5)
    hand.command([CLOSE] * 5)
    assert hand.until(lambda: hand.opening() < 0.01)
    grips.clear()
    hold(hand, joystick, pad.encode(STILL, gripper=False))
    assert grips == []
    assert hand.opening() < 0.01


@pytest.fixture
def others(hand) -> Iterator[Publisher]:
    """A second joystick, of node "other"."""
    node = Node("other")
    yield node.create_publisher(Joy, topics.JOY, 1)
    node.destroy_node()


def test_an_idle_joystick_beside_another_changes_nothing_and_is_named(
    hand, processes: NodeProcesses, pad: Joystick, joystick: Publisher, others: Publisher, twists: list[TwistStamped]
) -> None:
    for _ in range(16):
        hold(hand, joystick, pad.encode(LEFT, gripper=False), times=1)
        hold(hand, others, pad.released(), times=1)
    assert len(twists) > 10
    assert min(twist.twist.linear.y for twist in twists) == pytest.approx(0.2)
    hold(hand, joystick, pad.released(), times=1)
    assert hand.until(lambda: twists[-1].twist.linear.y == 0.0, 5.0), "let go is let go all the same"
    assert "/hand and /other; followed is the one that is held" in processes.log("teleop").read_text()


def test_of_two_joysticks_held_at_once_none_is_followed(
    hand, processes: NodeProcesses, pad: Joystick, joystick: Publisher, others: Publisher, twists: list[TwistStamped]
) -> None:
    def both(times: int) -> None:
        for _ in range(times):
            hold(hand, joystick, pad.encode(LEFT, gripper=False), times=1)
            hold(hand, others, pad.encode(LEFT, gripper=False), times=1)

    both(4)
    assert twists[-1].twist.linear.y == 0.0
    count = len(twists)
    both(6)
    assert len(twists) == count
    assert "/hand and /other; followed is none, because two are held" in processes.log("teleop").read_text()
    hold(hand, joystick, pad.encode(LEFT, gripper=False), times=12)
    assert twists[-1].twist.linear.y == pytest.approx(0.2), "the one that is left is followed again"


def test_keys_move_the_gripper(hand, processes: NodeProcesses, twists: list[TwistStamped], grips: list[bool]) -> None:
    hand.command([CLOSE] * 5)
    assert hand.until(lambda: hand.opening() < 0.01)
    terminal, keys = pty.openpty()
    keyboard = subprocess.Popen(program("keyboard"), stdin=keys, stdout=subprocess.PIPE, text=True)
    try:
        assert hand.until(lambda: hand.count_publishers(topics.JOY) > 1, 60.0)

        def press(key: bytes) -> bool:
            os.write(terminal, key)
            hand.wait(0.05)
            return any(twist.twist.linear.x > 0.1 for twist in twists)

        assert hand.until(lambda: press(b"w"))
        assert grips == [], "a keyboard that has just been started opens nothing"
        os.write(terminal, b"o")
        assert hand.until(lambda: hand.opening() > 0.05)
        os.write(terminal, b"x")
        out, _ = keyboard.communicate(timeout=20)
    finally:
        keyboard.kill()
        os.close(terminal)
        os.close(keys)
    assert keyboard.returncode == 0
    assert "w s forward and back" in out


def test_an_operator_who_cannot_teach_says_why(hand, client: Client, processes: NodeProcesses) -> None:
    for task, message in (("ab +c", "needs 3 blocks, but 2 are seen"), ("xyz", "task 'xyz'")):
        processes.start("operator", {"task": task})
        with pytest.raises(NodeProcessError, match=message):
            client.wait(lambda: not processes.running("operator"), "operator", 60.0)
        processes.stop(["operator"])


def test_an_operator_knows_blocks_by_their_names(hand, client: Client) -> None:
    """The tracker names the blocks in another order in every message, and now and then misses one."""
    client.reset_scene(2, 1)
    rng = np.random.default_rng(0)
    shuffled = hand.create_publisher(BlockPoseArray, "shuffled_poses", 1)

    def relay(poses: BlockPoseArray) -> None:
        poses.blocks = [poses.blocks[i] for i in rng.permutation(2)[: 1 if rng.random() < 0.1 else 2]]
        shuffled.publish(poses)

    subscription = hand.create_subscription(BlockPoseArray, topics.BLOCK_POSES, relay, topics.NEWEST)
    arguments = ["--ros-args", "-p", "task:=ab", "-p", "time_limit:=40.0", "-r", "block_poses:=shuffled_poses"]
    operator = subprocess.Popen([*program("operator"), *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert hand.until(lambda: operator.poll() is not None, 90.0)
    finally:
        operator.kill()
        _, err = operator.communicate()
        hand.destroy_subscription(subscription)
        hand.destroy_publisher(shuffled)
    assert operator.returncode == 0, err
    assert "taught ab in" in err
    assert layout_reached(StackingTask.parse("ab"), client.scene("ab"), NOMINAL)


def test_an_operator_to_whom_nobody_listens_says_so(client: Client) -> None:
    client.reset_scene(2, 1)
    limits = ["-p", "task:=ab", "-p", "time_limit:=20.0"]
    command = [*program("operator"), "--ros-args", *limits, "-r", "joy:=nowhere"]
    operator = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert any("nobody listens on /nowhere" in line for line in operator.stderr)
    finally:
        operator.kill()
        operator.communicate()
