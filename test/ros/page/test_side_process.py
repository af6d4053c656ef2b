"""What is done beside the node is told to it, whatever becomes of the process that does it. It ends with the node."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from osil.ros.page.side_process import SideProcess

WAIT = 60.0
"""Seconds in which something has to happen, on a busy machine too."""

Ask = Callable[..., object]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Have something done in the process, and be told what comes of it."""
    deeds: SimpleQueue[Callable[[], object]] = SimpleQueue()
    process = SideProcess(deeds.put)

    def told(work: Callable[..., object], *arguments: object) -> object:
        answers: list[object] = []
        process.call(answers.append, work, *arguments)
        deeds.get(timeout=WAIT)()
        (answer,) = answers
        return answer

    yield told
    process.close()


def test_it_is_done_elsewhere_and_nobody_has_to_make_way(ask: Ask) -> None:
    elsewhere = ask(os.getpid)
    assert elsewhere != os.getpid()
    assert ask(os.getpid) == elsewhere, "always the same process"
    assert psutil.Process(elsewhere).nice() > psutil.Process().nice()


def test_what_fails_is_told_in_words(ask: Ask) -> None:
    assert "nonsense" in str(ask(int, "nonsense"))


def test_one_that_is_killed_is_begun_anew(ask: Ask) -> None:
    assert "terminated" in str(ask(signal.raise_signal, signal.SIGKILL))
    assert ask(abs, -3) == 3


def test_it_is_deaf_to_ctrl_c(ask: Ask) -> None:
    assert ask(signal.raise_signal, signal.SIGINT) is None
    assert ask(abs, -3) == 3


PROGRAM = """
import os, time
from osil.ros.page.side_process import SideProcess

if __name__ == "__main__":
    process = SideProcess(lambda deed: deed())
    process.call(lambda it: print(it, flush=True), os.getpid)
    time.sleep(600)
"""


def test_it_ends_with_a_node_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        process = psutil.Process(int(node.stdout.readline()))
        node.kill()
    process.wait(WAIT)
