"""What a result depends on besides the model and the seed."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def versions() -> dict[str, str]:
    """Versions of what a result depends on, and the commit of the checkout if there is one."""
    found = {"python": platform.python_version()}
    for package in ("osil_bringup", "numpy", "torch", "pybullet"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False)
    if commit.returncode == 0:
        found["git"] = commit.stdout.strip()
    return found
