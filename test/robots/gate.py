"""The safety gate that tests try: a Fetch's, slowed down as on hardware."""

from __future__ import annotations

from osil.core import CONTROL_PERIOD, NANOSECONDS
from osil.robots.gate_config import ON_A_ROBOT, GateConfig
from osil.robots.robot import load_robot

FETCH = load_robot("fetch")
CONFIG = GateConfig(
    command_timeout=0.12,
    dead_man_timeout=0.25,
    joint_state_timeout=0.25,
    unmoved_timeout=1.0,
    release_timeout=0.5,
    table_height=FETCH.table.height,
    **ON_A_ROBOT,
)
PERIOD = round(CONTROL_PERIOD * NANOSECONDS)
TICK = PERIOD // 5
