"""Joystick, keyboard and scripted operator, as far as the gripper commands that come of them."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import Joy

from osil.core import Action
from osil.ros import topics
from osil.ros.session import Session
from osil.ros.stack import Stack, StackError, program

LEFT = Action(np.array([0.0, 0.01, 0.0]), np.bool_(False))


@pytest.fixture(scope="module", autouse=True)
def running(stack: Stack, session: Session, hand) -> None:
    stack.start("simulation", {"num_blocks": 2})
    stack.start("controller")
    stack.start("teleop")
    hand.connect()


@pytest.fixture
def twists(hand) -> Iterator[list[TwistStamped]]:
    """What teleoperation commands."""
    heard: list[TwistStamped] = []
    subscription = hand.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, heard.append, 10)
    assert hand.until(lambda: hand.count_publishers(topics.TELEOP_GRIPPER_TWIST) > 1)
    yield heard
    hand.destroy_subscription(subscription)


def test_a_held_stick_commands_until_it_falls_silent(hand, twists: list[TwistStamped]) -> None:
    hand.steer([LEFT] * 8)
    assert hand.until(lambda: len(twists) >= 5)
    assert twists[0].header.frame_id == topics.GRIPPER_FRAME
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


def test_keys_move_the_gripper(hand, stack: Stack, twists: list[TwistStamped]) -> None:
    terminal, keys = pty.openpty()
    keyboard = subprocess.Popen(program("keyboard"), stdin=keys, stdout=subprocess.PIPE, text=True)
    try:
        assert hand.until(lambda: hand.count_publishers(topics.JOY) > 1, 60.0)

        def press(key: bytes) -> bool:
            os.write(terminal, key)
            hand.wait(0.05)
            return any(twist.twist.linear.x > 0.1 for twist in twists)

        assert hand.until(lambda: press(b"w"))
        os.write(terminal, b"x")
        out, _ = keyboard.communicate(timeout=20)
    finally:
        keyboard.kill()
        os.close(terminal)
        os.close(keys)
    assert keyboard.returncode == 0
    assert "w s forward and back" in out


def test_an_operator_who_cannot_teach_says_why(hand, session: Session, stack: Stack) -> None:
    for task, message in (("ab +c", "needs 3 blocks, but 2 are seen"), ("xyz", "task 'xyz'")):
        stack.start("operator", {"task": task})
        with pytest.raises(StackError, match=message):
            session.wait(lambda: not stack.running("operator"), "operator", 60.0)
        stack.stop(["operator"])
