"""Which clock the nodes' timers go by: whoever sets the system's clock back must not make them rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rclpy.clock import ClockType
from rclpy.node import Node

from osil.ros.controller_node import ControllerNode
from osil.ros.managed_node import ManagedNode
from osil.ros.operator_node import OperatorNode
from osil.ros.policy_node import PolicyNode
from osil.ros.run_node import initialized
from osil.ros.teleop_node import TeleopNode


@pytest.mark.parametrize(
    ("config", "make"),
    [("controller", ControllerNode), ("teleop", OperatorNode), ("policy", PolicyNode), ("teleop", TeleopNode)],
)
@pytest.mark.parametrize(("simulated", "paced"), [("true", ClockType.ROS_TIME), ("false", ClockType.STEADY_TIME)])
def test_timers_go_by_simulated_time_or_by_none_that_can_be_set(
    config: str, make: Callable[[], Node], simulated: str, paced: ClockType
) -> None:
    with initialized(f"{config}.yaml", ["--ros-args", "-p", f"use_sim_time:={simulated}"]):
        node = make()
        if isinstance(node, ManagedNode):
            node.configure()
        clocks = {timer.clock.clock_type for timer in node.timers}
        node.destroy_node()
    assert clocks | {ClockType.STEADY_TIME} == {paced, ClockType.STEADY_TIME}
