"""PyBullet's window, in a process of its own: it shows where things are, and nothing ever waits for it to be drawn."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from osil.errors import SceneError
from osil.robots.robot import Robot, load_robot
from osil.tasks.blocks import NOMINAL, Blocks
from osil.worlds.bullet_scene import BulletScene, Physics
from osil.worlds.snapshot import Snapshot

PICTURE_PERIOD = 1 / 30
"""Seconds between two pictures where the machine is fast enough for that; else there are fewer pictures."""

PATIENCE = 60.0
"""Seconds in which the window must open."""


class Window:
    """A window on a scene of a robot and equal ``blocks``, at first ``num_blocks`` of them.

    Attributes:
        open: False once somebody has closed it.
        pid: of the process that draws.

    Raises:
        SceneError: it could not be opened.
    """

    def __init__(self, robot: Robot, num_blocks: int, blocks: Blocks = NOMINAL) -> None:
        self.open = True
        self._pipe, other = Pipe()
        scene = [robot.name, str(num_blocks), str(blocks.size)]
        command = [sys.executable, "-m", "osil.worlds.window", *scene, str(other.fileno())]
        with tempfile.TemporaryFile() as words:  # PyBullet has much to say, and where there is no display it exits
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, pass_fds=[other.fileno()]
            )
            self.pid = self._process.pid
            other.close()
            try:
                opened = self._pipe.poll(PATIENCE) and self._pipe.recv()
            except EOFError:
                opened = False
            if opened:
                self._ready = True
                return
            self.close()
            words.seek(0)
            last = (words.read().decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1].strip()
        display = os.environ.get("DISPLAY")
        where = f"on display {display!r}" if display else "because there is no display (DISPLAY is not set)"
        raise SceneError(f"PyBullet could not open its window {where}: {last}; run without a window, or film it")

    def show(self, snapshot: Snapshot) -> None:
        """Have ``snapshot`` drawn, unless the picture before it is still being drawn. Returns at once."""
        if not self.open:
            return
        try:
            self._ready = self._ready or (self._pipe.poll() and self._pipe.recv())
            if self._ready:
                self._pipe.send(snapshot)
                self._ready = False
        except (EOFError, OSError):
            self.open = False

    def close(self) -> None:
        """Close the window."""
        self.open = False
        self._pipe.close()
        self._process.terminate()
        self._process.wait()


def _draw(robot: Robot, num_blocks: int, blocks: Blocks, pipe: Connection) -> None:
    """Show what comes until nobody is at the other end. Each picture done is answered, which asks for the next."""
    os.nice(10)  # where there is no graphics card, drawing takes all the processor that it can get
    physics = Physics(blocks=blocks)
    scene = BulletScene(robot, num_blocks, physics, gui=True)
    while True:
        pipe.send(True)
        snapshot = pipe.recv()
        if len(snapshot.block_positions) != scene.num_blocks:
            scene.close()
            scene = BulletScene(robot, len(snapshot.block_positions), physics, gui=True)
        scene.show(snapshot)
        time.sleep(PICTURE_PERIOD)


if __name__ == "__main__":
    with suppress(EOFError, OSError, KeyboardInterrupt):
        robot, blocks = load_robot(sys.argv[1]), Blocks(float(sys.argv[3]))
        _draw(robot, int(sys.argv[2]), blocks, Connection(int(sys.argv[4])))
