"""What is installed and handed on is whole: for ROS tools, for colcon, and for whoever builds from the sources."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

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


ROSDEP = {
    "h5py": "python3-h5py",
    "imageio": "python3-imageio",
    "joblib": "python3-joblib",
    "matplotlib": "python3-matplotlib",
    "mcap": "mcap-ros2-support",  # which brings it
    "mcap-ros2-support": "mcap-ros2-support",
    "numpy": "python3-numpy",
    "pillow": "python3-pil",
    "pybullet": "python3-pybullet-pip",
    "pyyaml": "python3-yaml",
    "roslibpy": "roslibpy-pip",
    "tensorboard": "python3-tensorboard-pip",
    "torch": "python3-pytorch-pip",
    "tqdm": "python3-tqdm",
    "transforms3d": "python3-transforms3d",
    "typing-extensions": "python3-typing-extensions",
}
"""Key in rosdistro's rosdep/python.yaml of each requirement that has one."""


def requirements(archive: Path, *extras: str) -> set[str]:
    """Names that setup.py asks for, always and with these extras."""
    wanted = set()
    for line in (archive / "PKG-INFO").read_text().splitlines():
        if match := re.fullmatch(r"Requires-Dist: ([\w-]+)(?:\[\w+\])?[^;]*(?:; extra == \"(\w+)\")?", line):
            name, extra = match.groups()
            wanted |= {name.lower()} if extra is None or extra in extras else set()
    return wanted


def dependencies(tag: str) -> set[str]:
    return {element.text for element in ElementTree.parse(ROOT / "package.xml").findall(tag)}


def test_every_requirement_is_pinned(archive: Path) -> None:
    pins = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    wanted = requirements(archive, "ros", "arms", "fetch", "page", "planning", "tracker", "dev", "test")
    assert len(wanted) > 40
    assert wanted <= {pin.lower() for pin in pins}


def test_rosdep_or_pip_brings_what_setup_asks_for(archive: Path) -> None:
    """What has no key stands in README's pip command."""
    wanted = requirements(archive, "fetch", "page", "planning", "tracker")
    from_ros = {"ament_index_python", "launch", "launch_ros", "robot_state_publisher"}
    too_old = {"python3-opencv"}  # on Ubuntu 24.04, where pip's stands in
    assert {ROSDEP[name] for name in wanted & set(ROSDEP)} | from_ros | too_old == dependencies("exec_depend")
    (command,) = re.findall(r"pip install --user --break-system-packages (.*)", (ROOT / "README.md").read_text())
    names = set(re.findall(r"(?:^| )\"?([\w-]+)", command))
    assert names == (wanted - set(ROSDEP)) | {"imageio-ffmpeg"}


def test_a_distribution_brings_the_ros_packages_that_the_wheels_bring(archive: Path) -> None:
    kinds = ("-msgs", "-srvs", "-interfaces", "-rclpy")
    messages = {name for name in requirements(archive, "ros") if name.endswith(kinds)}
    ours = {"control_msgs", "osil_interfaces", "tf2_msgs"}  # built here where there are wheels
    assert {name.removeprefix("ros-").replace("-", "_") for name in messages} == dependencies("depend") - ours


def test_every_package_of_messages_that_is_imported_is_asked_for() -> None:
    pattern = re.compile(r"^\s*from (\w+)\.(?:msg|srv|action) import", re.MULTILINE)
    imported = {name for path in (ROOT / "src").rglob("*.py") for name in pattern.findall(path.read_text())}
    only_where_they_are = {"moveit_msgs", "shape_msgs", "vision_msgs"}  # of MoveIt, and of a tracker of others
    assert imported - only_where_they_are <= dependencies("depend")
    assert only_where_they_are <= imported


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
