"""Demonstrations that tests make up, and what there is to look at in them: a robot of two joints, and blocks."""

from __future__ import annotations

import numpy as np

from osil.core import Action, Demonstration, Observation, Scene
from osil.demonstrations.replay import Replay, ReplayStep

NAMES = ("red", "green", "blue")

DESCRIPTION = """<robot name="small">
<link name="base_link"/><link name="arm"/><link name="gripper"/>
<joint name="turn" type="revolute"><parent link="base_link"/><child link="arm"/><axis xyz="0 0 1"/></joint>
<joint name="grip" type="fixed"><parent link="arm"/><child link="gripper"/><origin xyz="1 0 0"/></joint>
</robot>"""


def make_demonstration(steps: int = 40, blocks: int = 3) -> Demonstration[Observation, Action]:
    rng = np.random.default_rng(0)
    return Demonstration(
        Observation(rng.normal(size=(steps, blocks, 3)), rng.uniform(size=steps), rng.uniform(-1, 1, (steps, blocks))),
        Action(rng.normal(size=(steps, 3)), rng.uniform(size=steps) < 0.5, rng.normal(size=steps)),
    )


def make_replay(steps: int, blocks: int) -> Replay:
    rng = np.random.default_rng(1)
    return Replay(
        DESCRIPTION,
        [
            ReplayStep(
                {"turn": float(rng.normal())}, Scene(rng.normal(size=(blocks, 3)), rng.uniform(-0.7, 0.7, blocks))
            )
            for _ in range(steps)
        ],
    )


def assert_same(read: Replay | None, made: Replay, steps: int | None = None) -> None:
    """Whether a replay is what was made, as far as so many steps."""
    assert read is not None
    assert read.description == made.description
    for one, other in zip(read.steps, made.steps[:steps], strict=True):
        assert one.joints == other.joints
        np.testing.assert_array_equal(one.scene.block_positions, other.scene.block_positions)
        np.testing.assert_allclose(one.scene.block_yaws, other.scene.block_yaws, atol=1e-12)
