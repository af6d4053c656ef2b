"""PyBullet is imported quietly and in one place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import osil


def test_pybullet_says_nothing() -> None:
    code = "from osil.robots.robot import load_robot as load; from osil.worlds.pybullet import PyBulletWorld as World"
    code += "; World(load('fetch'), 2).close()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_pybullet_is_imported_in_one_place() -> None:
    package = Path(osil.__file__).parent
    importing = [
        path.name for path in package.rglob("*.py") if re.search(r"^ *import pybullet", path.read_text(), re.M)
    ]
    assert importing == ["bullet.py"]
