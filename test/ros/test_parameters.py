"""Each parameter has its one value in config/, and its meaning in a dataclass."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import rclpy
import yaml
from rcl_interfaces.msg import ParameterDescriptor, ParameterType
from rclpy.node import Node
from rclpy.parameter import Parameter

from osil.errors import ConfigError
from osil.resources import resource_path
from osil.ros.block_frames_node import BlockFramesParameters
from osil.ros.calibration_node import CalibrationParameters
from osil.ros.camera_node import CameraParameters
from osil.ros.controller_node import ControllerParameters
from osil.ros.fetch_bridge_node import FetchBridgeParameters
from osil.ros.gazebo_blocks_node import GazeboBlocksParameters
from osil.ros.joystick import Joystick
from osil.ros.keyboard_node import KeyboardParameters
from osil.ros.managed_node import Management
from osil.ros.operator_node import OperatorParameters
from osil.ros.page.page_parameters import PageParameters
from osil.ros.parameters import check_all_known, declare
from osil.ros.planning_node import PlanningParameters
from osil.ros.policy_node import PolicyParameters
from osil.ros.recorder_node import RecorderParameters
from osil.ros.robot_state_publisher_node import RobotStatePublisherParameters
from osil.ros.run_node import initialized
from osil.ros.simulation_node import SimulationParameters
from osil.ros.teleop_node import TeleopParameters
from osil.ros.tracker_node import TrackerParameters

CONFIGS = {
    "block_frames": (BlockFramesParameters,),
    "calibration": (CalibrationParameters,),
    "camera": (CameraParameters,),
    "tracker": (TrackerParameters,),
    "controller": (ControllerParameters, Management),
    "detections": (),
    "fetch_bridge": (FetchBridgeParameters,),
    "gazebo_blocks": (GazeboBlocksParameters,),
    "page": (PageParameters,),
    "planning": (PlanningParameters,),
    "policy": (PolicyParameters, Management),
    "recorder": (RecorderParameters, Management),
    "robot_state_publisher": (RobotStatePublisherParameters,),
    "simulation": (SimulationParameters,),
    "teleop": (Joystick, TeleopParameters, KeyboardParameters, OperatorParameters),
}


def declared(config: str, *overrides: str, files: Sequence[Path] = ()) -> Callable[[type], tuple[object, str]]:
    """Declares a dataclass in a node that was started with a config file, files of parameters and overrides."""

    def run(parameters: type) -> tuple[object, str]:
        context = rclpy.Context()
        args = [word for file in files for word in ("--params-file", str(file))]
        args += [word for pair in overrides for word in ("-p", pair)]
        with initialized(config, ["--ros-args", *args], context) as names:
            node = Node("node", context=context)
            try:
                values = declare(node, parameters)
                check_all_known(node, names)
                name = dataclasses.fields(parameters)[0].name
                return values, node.describe_parameter(name).description
            finally:
                node.destroy_node()

    return run


@pytest.mark.parametrize("name", CONFIGS)
def test_config_holds_exactly_the_parameters(name: str) -> None:
    given = yaml.safe_load(resource_path("config", f"{name}.yaml").read_text())["/**"]["ros__parameters"]
    known = {field.name for parameters in CONFIGS[name] for field in dataclasses.fields(parameters)}
    assert set(given) - {"use_sim_time"} == known
    for parameters in CONFIGS[name]:
        values, description = declared(f"{name}.yaml")(parameters)
        assert dataclasses.asdict(values).items() <= given.items()
        assert description


def test_command_line_overrides_config() -> None:
    values, _ = declared("simulation.yaml", "num_blocks:=7", "real_time_factor:=2")(SimulationParameters)
    assert (values.num_blocks, values.real_time_factor) == (7, 2.0)


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"parameter demonstrations of node .* expected str, got 5"):
        declared("recorder.yaml", "demonstrations:=5")(RecorderParameters)
    with pytest.raises(ConfigError, match="2 to 12"):
        declared("simulation.yaml", "num_blocks:=1")(SimulationParameters)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("num_blocks:=abc", "int, got 'abc'"),
        ("num_blocks:=5.0", "int, got 5.0"),
        ("num_blocks:=true", "int, got True"),
        ("seed:=1.5", "int, got 1.5"),
        ("seed:=[1, 2]", "int, got [1, 2]"),
        ("gui:=1", "bool, got 1"),
        ("gui:='true'", "bool, got 'true'"),
        ("real_time_factor:=fast", "float, got 'fast'"),
        ("real_time_factor:=.nan", "float, got nan"),
        ("real_time_factor:=.inf", "float, got inf"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name_wherever_it_comes_from(
    tmp_path: Path, value: str, expected: str
) -> None:
    name, _, text = value.partition(":=")
    refusal = f"parameter {name} of node .*expected {re.escape(expected)}"
    with pytest.raises(ConfigError, match=refusal):
        declared("simulation.yaml", value)(SimulationParameters)
    for node in ("/**", "node", "/node"):
        file = tmp_path / "parameters.yaml"
        file.write_text(f"{node}: {{ros__parameters: {{{name}: {text}}}}}")
        with pytest.raises(ConfigError, match=refusal):
            declared("simulation.yaml", files=[file])(SimulationParameters)


def test_the_last_value_counts_whatever_the_types_of_those_before(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("node: {ros__parameters: {num_blocks: 7, seed: abc, real_time_factor: 3}}")
    second.write_text("node: {ros__parameters: {seed: 4, real_time_factor: 2.5}}")
    values, _ = declared("simulation.yaml", files=[first, second])(SimulationParameters)
    assert (values.num_blocks, values.seed, values.real_time_factor) == (7, 4, 2.5)
    values, _ = declared("simulation.yaml", "num_blocks:=8", "real_time_factor:=1e-1", files=[first, second])(
        SimulationParameters
    )
    assert (values.num_blocks, values.seed, values.real_time_factor) == (8, 4, 0.1)


def test_values_of_other_nodes_in_the_same_file_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(
        "other: {ros__parameters: {num_blocks: abc, speeds: [1.0, 2.0]}}\nns: {node: {ros__parameters: {a: 1}}}"
    )
    values, _ = declared("simulation.yaml", files=[file])(SimulationParameters)
    assert values.num_blocks == 5


def test_parameters_that_the_node_does_not_have_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text("node: {ros__parameters: {num_blok: 3}}")
    for arguments in ({"files": [file]}, {}):
        with pytest.raises(ConfigError, match=r"no parameter num_blok; it has .*num_blocks"):
            declared("simulation.yaml", *([] if arguments else ["num_blok:=3"]), **arguments)(SimulationParameters)


def test_arguments_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("node: [")
    flat = tmp_path / "flat.yaml"
    flat.write_text("num_blocks: 3")
    for file in (broken, flat, tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ConfigError, match=re.escape(str(file)) if file is not flat else "expected ros__parameters"):
            declared("simulation.yaml", files=[file])(SimulationParameters)
    for value in ("num_blocks", "num_blocks:=", "num_blocks:={", "num_blocks:=[1, a]", ""):
        with pytest.raises(ConfigError):
            declared("simulation.yaml", value)(SimulationParameters)


def test_a_value_that_is_nowhere_is_missed() -> None:
    with pytest.raises(ConfigError, match="got nothing"):
        declared("recorder.yaml")(SimulationParameters)


@pytest.mark.parametrize("factor", ["0", "-1.0"])
def test_a_simulation_runs_forward(factor: str) -> None:
    with pytest.raises(ConfigError, match="real_time_factor .* expected 0.01 to 100"):
        declared("simulation.yaml", f"real_time_factor:={factor}")(SimulationParameters)


NUMBERS = [
    (config, parameters, field)
    for config, all_parameters in CONFIGS.items()
    for parameters in all_parameters
    for field in dataclasses.fields(parameters)
    if field.type in ("int", "float")
]


@pytest.mark.parametrize(
    ("config", "parameters", "field"), NUMBERS, ids=[f"{one.__name__}.{field.name}" for _, one, field in NUMBERS]
)
def test_every_number_has_a_range_that_is_told_and_kept_to(config: str, parameters: type, field: Any) -> None:
    told = described(config, parameters, field.name)
    (interval,) = told.floating_point_range or told.integer_range
    assert told.type == (ParameterType.PARAMETER_DOUBLE if field.type == "float" else ParameterType.PARAMETER_INTEGER)
    for wrong in (interval.from_value - 1, 2 * interval.to_value + 1):
        if abs(wrong) < 2**63:
            with pytest.raises(ConfigError, match=f"parameter {field.name} of .* expected .* to "):
                declared(f"{config}.yaml", f"{field.name}:={wrong}")(parameters)


def described(config: str, parameters: type, name: str) -> ParameterDescriptor:
    """What a node says of a parameter."""
    context = rclpy.Context()
    with initialized(f"{config}.yaml", context=context):
        node = Node("node", context=context)
        try:
            declare(node, parameters)
            return node.describe_parameter(name)
        finally:
            node.destroy_node()


@pytest.fixture
def teleop() -> Iterator[tuple[Node, list[Joystick]]]:
    """A node with parameters that can be changed, and what it was told of changes."""
    context, changes = rclpy.Context(), []
    with initialized("teleop.yaml", context=context):
        node = Node("node", context=context)
        declare(node, Joystick, changes.append)
        declare(node, TeleopParameters)
        yield node, changes
        node.destroy_node()


def test_a_live_parameter_changes_and_the_node_is_told(teleop: tuple[Node, list[Joystick]]) -> None:
    node, changes = teleop
    (result,) = node.set_parameters([Parameter("max_speed", value=0.25)])
    assert result.successful, result.reason
    assert [change.max_speed for change in changes] == [0.25]
    assert node.get_parameter("max_speed").value == 0.25
    result = node.set_parameters_atomically([Parameter("max_speed", value=0.3), Parameter("max_yaw_rate", value=1.5)])
    assert result.successful, result.reason
    assert (changes[-1].max_speed, changes[-1].max_yaw_rate) == (0.3, 1.5)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("max_speed", 100.0, "out of range"),
        ("max_speed", float("nan"), "out of range"),
        ("max_speed", "fast", "Wrong parameter type"),
        ("axis_x", 3, "read-only"),
        ("joystick_timeout", 0.5, "read-only"),  # which nobody here adopts
    ],
)
def test_what_cannot_be_set_is_refused_with_its_reason(
    teleop: tuple[Node, list[Joystick]], name: str, value: object, reason: str
) -> None:
    node, changes = teleop
    before = node.get_parameter(name).value
    (result,) = node.set_parameters([Parameter(name, value=value)])
    assert not result.successful
    assert reason in result.reason
    assert node.get_parameter(name).value == before
    assert not changes
