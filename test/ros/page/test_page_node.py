"""Page, controller and simulation together: a page's own connection drags the arm, without a browser."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed, the extra 'page'")

from geometry_msgs.msg import TwistStamped
from websockets.exceptions import ConnectionClosed, InvalidStatus

from osil.robots.robot import load_robot
from osil.ros import topics
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses, program
from osil.ros.page.scene_drawing import first_view

from .page_client import PageClient

WITHIN = 0.005
"""Metres from the place to which the gripper is dragged."""


UPWARD = np.array([0.0, 0.0, 5.0])
"""Metres to a place far out of reach, so that the drag would go on for ever."""


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand) -> None:
    processes.start("simulation", {"num_blocks": 2})
    processes.start("controller")
    processes.start("page", {"listen_port": 0})
    hand.connect()
    client.wait(lambda: "to operate" in processes.log("page").read_text(), "page", 60.0)


@pytest.fixture
def page(processes: NodeProcesses, hand, twists: list[TwistStamped]) -> Iterator[PageClient]:
    """Connected, as soon as the page before has gone."""
    (address,) = re.findall(r"to operate, open (\S+)", processes.log("page").read_text())
    come: list[PageClient] = []

    def comes() -> bool:
        with suppress(InvalidStatus):
            come.append(PageClient(address))
        return bool(come)

    assert hand.until(comes)
    (page,) = come
    yield page
    page.connection.close()
    assert hand.until(lambda: at_rest(twists)), "whatever happened, it ends with a twist of zero"


@pytest.fixture
def twists(hand) -> Iterator[list[TwistStamped]]:
    """What the page commands."""
    heard: list[TwistStamped] = []
    subscription = hand.create_subscription(TwistStamped, topics.TELEOP_GRIPPER_TWIST, heard.append, 10)
    assert hand.until(lambda: hand.count_publishers(topics.TELEOP_GRIPPER_TWIST) > 1)
    yield heard
    hand.destroy_subscription(subscription)


def at_rest(twists: list[TwistStamped]) -> bool:
    """Whether the last that was commanded is to stand still."""
    return not twists or twists[-1].twist == TwistStamped().twist


def away(hand, place: np.ndarray) -> float:
    """Metres from the gripper to ``place``."""
    return float(np.linalg.norm(hand.gripper().position - place))


def test_the_gripper_is_where_it_is_dragged_and_stays_there(page: PageClient, hand, twists: list[TwistStamped]) -> None:
    begin = hand.gripper().position
    for way in ([0.0, 0.12, 0.0], [0.0, 0.12, -0.05], [0.05, 0.0, 0.0]):
        place = begin + way
        page.grasp()
        page.drag(place)

        def follows(place: np.ndarray = place) -> bool:
            if at_rest(twists):  # the page does not see the arm yet, or was taken for gone on a busy machine
                page.grasp()
                page.drag(place)
            return away(hand, place) < WITHIN

        assert hand.until(follows)
    page.drop()
    assert hand.until(lambda: at_rest(twists))
    hand.wait(0.5)
    assert away(hand, place) < WITHIN
    count = len(twists)
    hand.wait(0.5)
    assert len(twists) == count, "and then nothing is commanded"


def test_a_phone_looks_at_what_is_above_its_controls_until_its_user_looks_elsewhere(page: PageClient, hand) -> None:
    """Its browser takes the first view of a desktop late, when it has told its size long ago."""
    desktop, phone = (first_view(load_robot("fetch"), upright=upright).target for upright in (False, True))
    page.look(412, 800, np.zeros(3))
    page.look(412, 800, desktop)
    assert hand.until(lambda: page.told_to_look is not None)
    assert page.told_to_look == pytest.approx(phone)
    page.look(800, 412, phone)
    assert hand.until(lambda: np.allclose(page.told_to_look, desktop)), "turned on its side"
    page.look(412, 800, desktop + np.array([0.0, 0.1, 0.0]))
    hand.wait(0.5)
    assert page.told_to_look == pytest.approx(desktop)


@pytest.mark.parametrize("way_to_go", ["closed", "vanished"])
def test_a_page_that_goes_in_the_middle_of_a_drag_lets_go(
    page: PageClient, hand, twists: list[TwistStamped], way_to_go: str
) -> None:
    page.grasp()
    page.drag(hand.gripper().position + UPWARD)
    assert hand.until(lambda: len(twists) > 3)
    if way_to_go == "closed":
        page.connection.close()
    else:
        page.connection.socket.shutdown(socket.SHUT_RDWR)
    assert hand.until(lambda: at_rest(twists))
    hand.wait(0.5)
    count = len(twists)
    hand.wait(0.5)
    assert len(twists) == count


def test_drags_that_are_none_move_nothing(page: PageClient, hand, twists: list[TwistStamped]) -> None:
    begin = hand.gripper().position
    page.drag(begin + UPWARD)  # without having grasped it
    page.grasp()
    page.drag(np.full(3, np.nan))
    page.drag(np.full(3, 9.0), "/nothing")
    page.drop()
    hand.wait(0.5)
    assert away(hand, begin) < WITHIN


ODD = (np.zeros(2), np.zeros(4), np.zeros((2, 3)), np.array("there"), np.array(None))


def listen_for_good(page: PageClient) -> None:
    while True:
        page.connection.recv(timeout=20.0)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_drag_to_what_is_no_place_ends_the_connection_alone(
    page: PageClient, processes: NodeProcesses, odd: np.ndarray
) -> None:
    page.grasp()
    page.drag(odd)
    with pytest.raises(ConnectionClosed):
        listen_for_good(page)
    assert processes.running("page")
    assert "Traceback" not in processes.log("page").read_text()


def test_it_leaves_cleanly_while_somebody_holds_the_gripper(
    page: PageClient, hand, processes: NodeProcesses, twists: list[TwistStamped]
) -> None:
    page.grasp()
    page.drag(hand.gripper().position + UPWARD)
    assert hand.until(lambda: len(twists) > 3)
    processes.stop(["page"])
    assert "Traceback" not in processes.log("page").read_text()
    assert hand.until(lambda: at_rest(twists))
    hand.wait(0.5)
    stands = hand.gripper().position
    hand.wait(0.3)
    assert away(hand, stands) < 0.001


def test_a_port_that_is_taken_ends_a_second_page_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*program("page"), "--ros-args", "-r", "__node:=second_page", "-p", f"listen_port:={port}"]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert f"error: the page cannot listen on 127.0.0.1, port {port}" in second.stderr
    assert "Traceback" not in second.stderr
