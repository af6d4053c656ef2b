"""What is installed and handed on is whole: for ROS tools, for colcon, and for whoever builds from the sources."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    command = [
        sys.executable,
        "setup.py",
        "-q",
        "egg_info",
        "--egg-base",
        str(folder),
        "sdist",
        "--dist-dir",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as file:
        file.extractall(folder, filter="data")
    return next(folder.glob("osil_bringup-*/"))


@pytest.mark.parametrize(
    "name",
    [
        "src/control_msgs",
        "src/osil_interfaces",
        "src/tf2_msgs",
        "src/ros_wheels.cmake",
        "constraints.txt",
        "colcon_defaults.yaml",
        "Makefile",
        "config",
        "launch",
        "models",
        "package.xml",
        "resource",
        "scripts",
        "test",
        "urdf",
    ],
)
def test_the_source_distribution_holds_what_is_built_from(archive: Path, name: str) -> None:
    here = ROOT / name
    files = [path for path in (here.rglob("*") if here.is_dir() else [here]) if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert wanted
    assert wanted <= {str(path.relative_to(archive)) for path in archive.rglob("*")}


def test_colcon_finds_what_runs_the_tests(archive: Path) -> None:
    """It runs pytest if the extra of this name asks for it, and else nothing, which succeeds."""
    assert 'Requires-Dist: pytest; extra == "test"' in (archive / "PKG-INFO").read_text().splitlines()


def test_ros_tools_find_the_package() -> None:
    pytest.importorskip("ament_index_python", reason="ROS 2 is not installed")
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("this Python was not set up by `make setup`")
    code = "from ament_index_python import *; print(get_package_share_directory('osil_bringup'))"
    share = subprocess.check_output(
        [sys.executable, "-c", code], env={"AMENT_PREFIX_PATH": sys.prefix}, text=True
    ).strip()
    assert {"package.xml", "launch", "config"} <= {path.name for path in Path(share).iterdir()}
    node = Path(sys.prefix, "lib", "osil_bringup", "teleop_node")
    refused = subprocess.run([node, "--ros-args", "-p", "nonsense:=1"], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "no parameter nonsense" in refused.stderr
