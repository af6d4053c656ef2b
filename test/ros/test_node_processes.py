"""Processes: what dies is told, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from osil.ros.node_processes import NodeProcessError, NodeProcesses, program


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
    with NodeProcesses(tmp_path, {}) as processes:
        processes.start("simulation", {"num_blocks": 99})
        assert eventually(lambda: not processes.running("simulation"))
        with pytest.raises(
            NodeProcessError, match=r"simulation died with status 1: error: parameter num_blocks .* 2 to 12, got 99"
        ):
            processes.check()


def test_nodes_leave_cleanly_when_told(tmp_path: Path) -> None:
    with NodeProcesses(tmp_path, {}) as processes:
        processes.start("teleop")
        assert eventually(lambda: _listens(processes, "teleop"))
        pid = processes.pid("teleop")
    assert not alive(pid)
    assert processes.log("teleop").read_text() == ""


def test_no_orphans_after_the_parent_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from osil.ros.node_processes import NodeProcesses\n"
        "with NodeProcesses(Path(sys.argv[1]), {}) as processes:\n"
        "    processes.start('teleop'); print(processes.pid('teleop'), flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not alive(child))


def test_nodes_outlive_the_thread_that_started_them(tmp_path: Path) -> None:
    with NodeProcesses(tmp_path, {}) as processes:
        thread = threading.Thread(target=processes.start, args=["teleop"])
        thread.start()
        thread.join()
        assert eventually(lambda: _listens(processes, "teleop"))
        assert processes.running("teleop")


def test_a_node_started_by_hand_outlives_its_parent(tmp_path: Path) -> None:
    """As with nohup, in a terminal that is closed."""
    code = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL).pid)"
    child = int(subprocess.check_output([sys.executable, "-c", code, *program("teleop")], text=True))
    try:
        assert eventually(lambda: len(list(Path(f"/proc/{child}/task").iterdir())) > 5)
    finally:
        os.kill(child, signal.SIGTERM)
    assert eventually(lambda: not alive(child))


def test_a_node_of_the_same_name_is_refused_and_may_come_back_after_a_kill(tmp_path: Path) -> None:
    with NodeProcesses(tmp_path / "first", {}) as first, NodeProcesses(tmp_path / "second", {}) as second:
        first.start("teleop")
        assert eventually(lambda: _listens(first, "teleop"))
        second.start("teleop")
        assert eventually(lambda: not second.running("teleop"))
        with pytest.raises(NodeProcessError, match="node /teleop runs already in ROS domain"):
            second.check()
        assert first.running("teleop")
        os.kill(first.pid("teleop"), signal.SIGKILL)
        assert eventually(lambda: not first.running("teleop"))
        second.stop()
        second.start("teleop")
        assert eventually(lambda: _listens(second, "teleop"))


def test_ctrl_c_amid_the_imports_of_a_node_is_quiet() -> None:
    node = subprocess.Popen(program("policy"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert eventually(lambda: "libtorch" in Path(f"/proc/{node.pid}/maps").read_text())
    node.send_signal(signal.SIGINT)
    printed, _ = node.communicate(timeout=60)
    assert "Traceback" not in printed


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_who_presses_ctrl_c_again_and_again_does_not_kill_a_node_that_is_leaving(signum: int) -> None:
    node = subprocess.Popen(program("teleop"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert eventually(lambda: _heeds_signals(node.pid))
    while node.poll() is None:
        node.send_signal(signum)
        time.sleep(0.005)
    printed, _ = node.communicate()
    assert node.returncode == 0, printed
    assert "Traceback" not in printed


def _heeds_signals(pid: int) -> bool:
    """Whether a node has said what SIGTERM shall do."""
    caught = int(Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def _listens(processes: NodeProcesses, node: str) -> bool:
    """Whether Python's imports are over, told by the threads that DDS has started."""
    return len(list(Path(f"/proc/{processes.pid(node)}/task").iterdir())) > 5
