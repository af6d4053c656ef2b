"""What README shows is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from osil.core import Action
from osil.data.demonstrate import demonstrate
from osil.robots.robot import load_robot
from osil.tasks.block_stacking import StackingTask, layout_reached
from osil.tasks.blocks import NOMINAL
from osil.worlds.judge import step_limit
from osil.worlds.kinematic import KinematicWorld

FETCH = load_robot("fetch")

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("text", "seed"), [("ab cd +e", 0), ("ab cd +e", 1), ("ca db", 2), ("abc +d", 3)])
def test_the_python_example_repeats_what_was_shown(text: str, seed: int) -> None:
    """Blocks lie turned, so a policy that is not told by how much fails in a part of these scenes."""
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    task, rng, table = StackingTask.parse(text), np.random.default_rng(seed), FETCH.table
    world = KinematicWorld(rng, FETCH)
    (shown,), _ = demonstrate(world, [task], table.random_scene(task.num_blocks, rng)[None])
    seen = world.reset(table.random_scene(task.num_blocks, rng)[None])
    steps = 0

    def look() -> tuple[np.ndarray, ...]:
        return seen.block_positions[0], seen.gripper_opening[0], seen.block_yaws[0]

    def move(displacement: np.ndarray, close_gripper: np.ndarray, yaw_step: np.ndarray) -> None:
        nonlocal seen, steps
        seen, steps = world.step(Action(displacement[None], close_gripper[None], yaw_step[None])), steps + 1
        assert steps < step_limit(task), "the loop of the example does not end"

    observations, actions = shown.observations, shown.actions
    known = {
        "block_positions": observations.block_positions,
        "openings": observations.gripper_opening,
        "block_yaws": observations.block_yaws,
        "displacements": actions.displacement,
        "closed": actions.close_gripper,
        "yaw_steps": actions.yaw_step,
        "look": look,
        "move": move,
    }
    exec(example, known)
    assert layout_reached(task, world.scene, NOMINAL).all()
