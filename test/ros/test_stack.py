"""Processes: what dies is told, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from osil.ros.stack import Stack, StackError


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_node_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    with Stack(tmp_path, {}) as stack:
        stack.start("simulation", {"num_blocks": 99})
        assert eventually(lambda: not stack.running("simulation"))
        with pytest.raises(StackError, match=r"simulation died with status 1: error: num_blocks 99: expected 2 to 12"):
            stack.check()


def test_nodes_leave_cleanly_when_told(tmp_path: Path) -> None:
    with Stack(tmp_path, {}) as stack:
        stack.start("teleop")
        assert eventually(lambda: _listens(stack, "teleop"))
        pid = stack.pid("teleop")
    assert not alive(pid)
    assert stack.log("teleop").read_text() == ""


def test_no_orphans_after_the_parent_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from osil.ros.stack import Stack\n"
        "with Stack(Path(sys.argv[1]), {}) as stack:\n"
        "    stack.start('teleop'); print(stack.pid('teleop'), flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not alive(child))


def _listens(stack: Stack, node: str) -> bool:
    """Whether Python's imports are over, told by the threads that DDS has started."""
    return len(list(Path(f"/proc/{stack.pid(node)}/task").iterdir())) > 5
