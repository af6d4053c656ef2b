"""Films docs/page.gif: a task taught in the browser by the pointer alone, confirmed, and imitated in another layout.

    python docs/film_page.py [--phone] [--output docs/page.gif]

A real page in Chromium without a window, before the simulated Fetch: every motion of the arm is a drag of one of the
arrows, every button is clicked on where it stands. Where nothing but time passes the film is cut; the rest runs faster
than it was.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import rclpy
from PIL import Image, ImageDraw
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))
from osil.core import FloatArray, Scene
from osil.figures.video import Picture, check_video, write_video
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil_interfaces.srv import ResetScene
from ros.page.chromium import Chromium
from ros.page.screen import Screen

FETCH = load_robot("fetch")

HEIGHT = FETCH.table.height + NOMINAL.half

SCENE = Scene(np.array([[0.62, 0.15, HEIGHT], [0.70, -0.12, HEIGHT], [0.62, 0.00, HEIGHT]]), np.zeros(3))

TASK = StackingTask.parse("abc")

ABOVE, DROP = 0.14, 0.005
"""Metres above a block at which the hand goes across, and from which a block is let go."""

GRIP = 0.12
"""Metres from the gripper at which an arrow is taken."""

STEP, WITHIN = 0.01, 0.003
"""Metres that the pointer moves at a time, and from where the gripper shall be."""

DESKTOP, PHONE = Screen(1100, 640), Screen(412, 800)

WIDTH, COLOURS = 720, 64
"""Pixels across the film at most, and colours in each of its pictures."""

TEACHING, IMITATING = 7.0, 2.0
"""How much faster the film runs meanwhile."""

RATE = 5.0
"""Pictures a second in the film."""

CLOSE_NOTES = "document.querySelectorAll('[class*=Notification-close]').forEach(button => button.click())"
"""JavaScript that closes what a browser without a graphics card is told."""

FINENESS = 0.5
"""Pixels that are computed for each one of the screen, in a row: without a graphics card they take long."""

APART = 0.3
"""Seconds between two pictures at least, in which messages are taken in."""

PAUSE = 2.0
"""Seconds of the film at most in which nothing changes."""

WAIT = 60.0
"""Seconds in which something has to happen."""


class Operator(Client):
    """Sees the gripper, and has a page in a browser, which is filmed.

    Attributes:
        gripper: grasp centre, ``[3]`` metres, base frame.
        opening: metres between the finger pads.
        pace: how much faster the film runs from now on.
        pictures: time in the film (seconds) and picture.
    """

    def __init__(self, processes: NodeProcesses, browser: Chromium, screen: Screen) -> None:
        super().__init__(processes, FETCH)
        self._browser, self._screen = browser, screen
        self.gripper: FloatArray = np.zeros(3)
        self.opening = 0.0
        self.pictures: list[tuple[float, Picture]] = []
        self.pace, self._shown, self._filmed_at = TEACHING, 0.0, time.monotonic()
        self.create_subscription(JointState, topics.JOINT_STATES, self._note, topics.NEWEST)

    def _note(self, message: JointState) -> None:
        joints = convert.to_joint_positions(message)
        arm = convert.pick(joints, FETCH.arm_joints)
        self.gripper = FETCH.kinematics.forward(arm, FETCH.lift).position
        self.opening = float(convert.pick(joints, FETCH.gripper.joints).sum())

    def film(self) -> None:
        """Take a picture, with the pointer in it, which a browser without a window does not draw."""
        picture = Image.fromarray(imageio.imread(io.BytesIO(self._browser.screenshot()))[..., :3])
        x, y = self._browser.pointer
        radius = 9 if self._browser.pressed else 6
        ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), outline="black", width=3)
        now = time.monotonic()
        self._shown, self._filmed_at = self._shown + (now - self._filmed_at) / self.pace, now
        self.pictures.append((self._shown, np.asarray(picture)))

    def let_pass(self, seconds: float) -> None:
        """Film for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, "time", seconds + WAIT)

    def until(self, over: Callable[[], bool], what: str, seconds: float = WAIT) -> None:
        """Film until ``over()``. Raises NodeProcessError if it takes longer than ``seconds``."""

        def looks() -> bool:
            if time.monotonic() - self._filmed_at > APART:
                self.film()
            return over()

        self.wait(looks, what, seconds)

    def shows(self, text: str) -> bool:
        """Whether the page has this text."""
        return bool(self._browser.shows(text))

    def reads(self, text: str) -> None:
        """Wait until the page has this text."""
        self.until(partial(self.shows, text), f"the page with {text!r}")

    def click(self, text: str) -> None:
        """Click the button or tab with this text."""
        self._browser.click(text)
        self.film()

    def lead(self, place: FloatArray) -> None:
        """Drag the gripper to ``place`` (``[3]`` metres, base frame) along one arrow after the other, upwards first."""
        order = (2, 0, 1) if place[2] > self.gripper[2] else (0, 1, 2)
        for axis in order:
            while abs(place[axis] - self.gripper[axis]) > WITHIN:
                self._drag(axis, float(place[axis]))

    def _drag(self, axis: int, goal: float) -> None:
        """Along one arrow, until the gripper is there or does not follow."""
        begin, arrow = self.gripper.copy(), GRIP * np.eye(3)[axis]
        way, along = goal - begin[axis], 0.0
        self._point(self._browser.move, begin + arrow)
        x, y = self._screen.pixel(begin + arrow, FETCH)
        self.until(lambda: bool(self._browser.has_arrow(x, y, axis)), "the arrow")
        self._point(self._browser.press, begin + arrow)
        deadline = time.monotonic() + 20.0
        while abs(goal - self.gripper[axis]) > WITHIN and time.monotonic() < deadline:
            along = np.clip(way, along - STEP, along + STEP)
            self._point(self._browser.move, begin + arrow + along * np.eye(3)[axis])
            self.let_pass(0.05)
        self._point(self._browser.release, begin + arrow + along * np.eye(3)[axis])
        self.let_pass(0.5)  # in which the arrows come to where the gripper is

    def _point(self, act: Callable[[float, float], None], place: FloatArray) -> None:
        act(*self._screen.pixel(place, FETCH))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--phone", action="store_true", help="with a finger, on a screen of 412 x 800 pixels")
    parser.add_argument("--output", type=Path, default=Path("docs", "page.gif"))
    options = parser.parse_args()
    check_video(options.output)
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    with tempfile.TemporaryDirectory() as name, NodeProcesses(Path(name, "logs"), {"OMP_NUM_THREADS": "1"}) as nodes:
        for node in SIMULATION_NODES:
            if node != "teleop":
                nodes.start(node, {"demonstrations": name} if node in ("recorder", "policy") else {})
        nodes.start("page", {"listen_port": 0})
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        try:
            pictures = teach_and_imitate(nodes, Path(name), PHONE if options.phone else DESKTOP, options.phone)
        finally:
            rclpy.try_shutdown()
    write_video(options.output, cut(pictures), RATE)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


def teach_and_imitate(nodes: NodeProcesses, folder: Path, screen: Screen, touched: bool) -> list[tuple[float, Picture]]:
    """All of it; returns the pictures. Raises SystemExit if the layout is not reached."""
    log, deadline = nodes.log("page"), time.monotonic() + WAIT
    while "to operate" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    (address,) = re.findall(r"to operate, open (\S+)", log.read_text())
    address += f"?fixedDpr={FINENESS}"
    with Chromium(folder / "browser", address, screen.width, screen.height, touched, seldom=False) as browser:
        operator = Operator(nodes, browser, screen)
        try:
            return _teach_and_imitate(operator, browser)
        except BaseException:
            imageio.imwrite("film_page_failed.png", operator.pictures[-1][1])  # what could be seen last
            raise
        finally:
            operator.close()


def _teach_and_imitate(operator: Operator, browser: Chromium) -> list[tuple[float, Picture]]:
    answer = operator.call("simulation/reset", ResetScene, blocks=convert.from_scene(SCENE, "abc"))
    assert answer.success, answer.message
    operator.reads("Sees blocks a b c")
    browser.evaluate(CLOSE_NOTES)
    operator.pictures.clear()
    operator.click("Record")
    operator.reads("waiting for teleoperation")
    above, block, drop = (np.array([0.0, 0.0, height]) for height in (ABOVE, NOMINAL.size, DROP))
    positions = SCENE.block_positions
    for number, (source, target) in enumerate(TASK.stages, 1):
        place = positions[TASK.stages[0][1]] + number * block
        print(f"stage {number}: block {'abc'[source]} onto {'abc'[target]}", flush=True)
        operator.lead(positions[source] + above)
        operator.lead(positions[source])
        operator.click("Close the fingers")
        operator.until(lambda: operator.opening < NOMINAL.held_width, "closed fingers")
        operator.let_pass(1.0)
        operator.lead(positions[source] + above)
        operator.lead(place + above)
        operator.lead(place + drop)
        operator.click("Open the fingers")
        operator.until(lambda: operator.opening > NOMINAL.open_width, "open fingers")
        operator.let_pass(1.0)
        operator.lead(place + above)
    operator.click("Stop and keep")
    operator.reads("written to")
    operator.pace = IMITATING
    operator.click("Scene")
    operator.click("New layout")
    operator.let_pass(2.0)
    operator.click("Imitate")
    operator.click("Imitate ...")
    operator.reads("Shall I do this")
    operator.let_pass(5.0)  # to read it
    operator.click("Yes, move")
    print("imitation", flush=True)
    operator.until(lambda: operator.shows("Done:") or operator.shows("Ended:"), "the end", 300.0)
    operator.let_pass(3.0)
    if not layout_reached(TASK, operator.scene(), NOMINAL):
        raise SystemExit("the layout that was shown was not reached: film once more")
    return operator.pictures


def cut(pictures: list[tuple[float, Picture]]) -> Iterator[Picture]:
    """The pictures of the film, ``RATE`` a second, without what stands still for longer than ``PAUSE``."""
    shown, still = 0.0, 0.0
    for (begin, picture), (end, following) in pairwise(pictures):
        still = 0.0 if (picture != following).any() else still + (end - begin)
        if still > PAUSE:
            continue
        shown += RATE * (end - begin)
        while shown >= 1.0:
            shown -= 1.0
            yield small(picture)


def small(picture: Picture) -> Picture:
    """At most ``WIDTH`` pixels wide and of ``COLOURS`` colours, which keeps a file small."""
    image = Image.fromarray(picture)
    image.thumbnail((WIDTH, image.height), Image.Resampling.LANCZOS)
    return np.asarray(image.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB"))


if __name__ == "__main__":
    main()
