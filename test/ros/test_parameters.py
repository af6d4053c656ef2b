"""Each parameter has its one value in config/, and its meaning in a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import rclpy
import yaml
from rclpy.node import Node

from osil.errors import ConfigError
from osil.resources import resource_path
from osil.ros.controller_node import ControllerParameters
from osil.ros.joystick import Joystick
from osil.ros.operator_node import OperatorParameters
from osil.ros.parameters import declare
from osil.ros.policy_node import PolicyParameters
from osil.ros.recorder_node import RecorderParameters
from osil.ros.simulation_node import SimulationParameters
from osil.ros.spin import configured

CONFIGS = {
    "controller": (ControllerParameters,),
    "policy": (PolicyParameters,),
    "recorder": (RecorderParameters,),
    "simulation": (SimulationParameters,),
    "teleop": (Joystick, OperatorParameters),
}


def declared(config: str, *overrides: str) -> Callable[[type], tuple[object, str]]:
    """Declares a dataclass in a node that was started with a config file and overrides."""

    def run(parameters: type) -> tuple[object, str]:
        context = rclpy.Context()
        args = configured(config, ["--ros-args", *(word for pair in overrides for word in ("-p", pair))])
        rclpy.init(args=args, context=context)
        node = Node("node", context=context)
        try:
            values = declare(node, parameters)
            name = dataclasses.fields(parameters)[0].name
            return values, node.describe_parameter(name).description
        finally:
            node.destroy_node()
            rclpy.try_shutdown(context=context)

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
    with pytest.raises(ConfigError, match=r"parameter demonstrations of node .* expected a str, got 5"):
        declared("recorder.yaml", "demonstrations:=5")(RecorderParameters)
    with pytest.raises(ConfigError, match="2 to 12"):
        declared("simulation.yaml", "num_blocks:=1")(SimulationParameters)


def test_a_value_that_is_nowhere_is_missed() -> None:
    with pytest.raises(ConfigError, match="got nothing"):
        declared("recorder.yaml")(SimulationParameters)
