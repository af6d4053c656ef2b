"""Whatever is sent to the nodes' subscriptions, services and actions: no node dies, no command leaves the arm's limits.

What the nodes listen to is read from the ROS graph, so that a new topic is tried as soon as it is there. Messages begin
as good ones, and some of their fields are then spoiled. OSIL_FUZZ_ROUNDS sets how many rounds of messages are sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from osil.data.demonstrate import demonstrate
from osil.demonstrations import storage
from osil.robots.robot import load_robot
from osil.ros import topics
from osil.ros.joystick import Joystick
from osil.ros.node_processes import SIMULATION_NODES, NodeProcesses
from osil.tasks.block_stacking import StackingTask
from osil.worlds.kinematic import KinematicWorld

from .attacker import Attacker

FETCH = load_robot("fetch")

ROUNDS = int(os.environ.get("OSIL_FUZZ_ROUNDS", "250"))
"""Each sends up to one message to every topic, and now and then calls a service or sends a goal."""

MORE = 9
"""Times that all is sent once more while the arm has hardly been moved: it takes its time, whoever sends does not."""

ROBOT = ("/joint_states", "/clock", f"/{topics.ARM_TRAJECTORY}", f"/{topics.ROBOT_STATUS}")
"""While these are left alone the controller can believe what it sees, and follows commands."""


@pytest.fixture(scope="module")
def attacker(processes: NodeProcesses, pad: Joystick, folder: Path) -> Iterator[Attacker]:
    rng, task = np.random.default_rng(0), StackingTask.parse("ab +c")
    (shown,), _ = demonstrate(KinematicWorld(rng, FETCH), [task], FETCH.table.random_scene(3, rng)[None])
    storage.save(shown, folder / "three.mcap", "three", "abc")
    parameters = {
        "simulation": {"num_blocks": 3},
        "recorder": {"demonstrations": str(folder)},
        "policy": {"demonstrations": str(folder)},
    }
    for node in SIMULATION_NODES:
        processes.start(node, parameters.get(node))
    attacker = Attacker(processes, pad)
    attacker.connect()
    yield attacker
    attacker.destroy_node()


@pytest.mark.parametrize("spared", [ROBOT, ()], ids=["all_but_the_robot", "everything"])
def test_no_message_ends_a_node_or_drives_the_arm_beyond_its_limits(attacker: Attacker, spared: Sequence[str]) -> None:
    begun = attacker.commands

    @settings(
        max_examples=ROUNDS // 2,
        phases=[Phase.generate],  # nodes remember, so that a round cannot be repeated or made smaller
        deadline=None,
        database=None,
        derandomize="OSIL_FUZZ_ROUNDS" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(attacker.plans(spared))
    def attack(plan: tuple[Any, ...]) -> None:
        if not attacker.faults:
            attacker.carry_out(plan)

    def moved() -> bool:
        """The arm was, as often as says something; a robot that is told that it has a fault never is."""
        return attacker.commands - begun > ROUNDS // 5 or not spared

    attack()
    for _ in range(MORE):
        if not (moved() or attacker.faults):
            attack()
    print(f"{attacker.sent} messages sent, {attacker.commands} commands to the arm judged")
    assert not attacker.faults, attacker.faults[0]
    assert moved()
