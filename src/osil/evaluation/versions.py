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
    # Results lie in the repository, too: to write them down does not change the code.
    code = Path(__file__).parents[2]
    commit = _git(code, "rev-parse", "--short=12", "HEAD")
    if commit.returncode == 0:
        changed = _git(code, "diff", "--quiet", "HEAD", "--", ":/", ":/!results").returncode
        found["git"] = commit.stdout.strip() + "-dirty" * bool(changed)
    return found


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
