"""Launch arguments: their defaults are true, and those about the launch itself reach whatever runs."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from osil.resources import resource_path
from osil.ros.node_processes import FETCH_NODES, FRAME_NODES, SIMULATION_NODES, TRACKER_NODES

from .launched import NODES, Launch

pytest.importorskip("launch_ros", reason="launch_ros comes with a ROS 2 distribution and has no wheel")

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument
from launch.utilities import perform_substitutions

OF_THE_LAUNCH = {"namespace": "", "log_level": "info", "rviz": "false", "page": "false", "tracker": "false"}

STAND_IN = """#!{python}
import os, pathlib, sys, time
parent = os.getppid()
pathlib.Path({file!r}).write_text("\\0".join(sys.argv))
while os.getppid() == parent:  # whoever started it may be killed
    time.sleep(0.1)
"""


def defaults(launch_file: str) -> dict[str, str]:
    """What ``ros2 launch --show-args`` shows."""
    path = resource_path("launch", launch_file)
    spec = importlib.util.spec_from_file_location("launch_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    declared = [
        action for action in module.generate_launch_description().entities if isinstance(action, DeclareLaunchArgument)
    ]
    return {action.name: perform_substitutions(LaunchContext(), action.default_value) for action in declared}


@pytest.mark.parametrize(
    ("launch_file", "nodes", "own"),
    [("sim.launch.py", SIMULATION_NODES, {}), ("fetch.launch.py", FETCH_NODES, {"autostart": "false"})],
)
def test_the_defaults_shown_are_what_every_node_has(
    launch_file: str, nodes: tuple[str, ...], own: dict[str, str]
) -> None:
    shown, own = defaults(launch_file), {**OF_THE_LAUNCH, **own}
    assert shown.items() >= own.items()
    for name in shown.keys() - own:
        configs = [
            yaml.safe_load(resource_path("config", f"{node}.yaml").read_text())["/**"]["ros__parameters"]
            for node in (*nodes, *FRAME_NODES, *TRACKER_NODES)
        ]
        values = [config[name] for config in configs if name in config]
        assert values
        assert all(yaml.safe_load(shown[name]) == value for value in values), name


def install(package: str, prefix: Path) -> Path:
    """Enter a program that notes its arguments as a ROS package; the file appears once it runs."""
    marker = prefix / "share" / "ament_index" / "resource_index" / "packages" / package
    program, noted = prefix / "lib" / package / package, prefix / f"{package}.arguments"
    for file in (marker, program):
        file.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    program.write_text(STAND_IN.format(python=sys.executable, file=str(noted)))
    program.chmod(0o755)
    return noted


def test_programs_of_ros_are_run_where_they_are_installed(launch: Callable[..., Launch], tmp_path: Path) -> None:
    noted = {package: install(package, tmp_path / "prefix") for package in ("robot_state_publisher", "rviz2")}
    prefixes = os.pathsep.join([str(tmp_path / "prefix"), os.environ.get("AMENT_PREFIX_PATH", sys.prefix)])
    launched = launch("rviz:=true", "namespace:=left", "robot:=fetch", AMENT_PREFIX_PATH=prefixes)
    launched.until(lambda: all(file.exists() for file in noted.values()))
    launched.until(lambda: launched.nodes().keys() == NODES - {"robot_state_publisher_node"})
    for file in noted.values():
        words = file.read_text().split("\0")
        assert {"/tf:=tf", "/tf_static:=tf_static", "/clock:=clock", "__ns:=/left"} <= set(words)
    words = noted["robot_state_publisher"].read_text().split("\0")
    given: dict[str, object] = {}
    for file in (words[after] for after in range(1, len(words)) if words[after - 1] == "--params-file"):
        for values in yaml.safe_load(Path(file).read_text()).values():
            given |= values["ros__parameters"]
    links = {link.attrib["name"] for link in ElementTree.fromstring(given.pop("robot_description")).findall("link")}
    assert {"base_link", "gripper"} <= links
    assert given == {"use_sim_time": True, "publish_frequency": 30.0}
    assert noted["rviz2"].read_text().split("\0")[1:3] == ["-d", str(resource_path("config", "osil.rviz"))]


def test_rviz_that_is_not_installed_is_missed_by_name(launch: Callable[..., Launch]) -> None:
    launched = launch("rviz:=true")
    assert launched.process.wait(60) == 1
    assert "expected the ROS package rviz2, which is not installed" in launched.printed()


def test_every_node_is_in_the_namespace_and_logs_as_told(launch: Callable[..., Launch], hand) -> None:
    launched = launch("namespace:=left", "log_level:=warn")
    wanted = {node.removesuffix("_node") for node in NODES}

    def inside() -> set[str]:
        return {name for name, space in hand.get_node_names_and_namespaces() if space == "/left"}

    assert hand.until(lambda: wanted <= inside(), 60.0), inside()
    assert "[INFO] [" not in "".join(line for line in launched.printed().splitlines() if "[left." in line)
