"""Conditions are factors on the nominal world, and reach its physics."""

from __future__ import annotations

import pytest

from osil.errors import ConfigError
from osil.tasks.blocks import NOMINAL, SMALLEST
from osil.worlds.bullet_scene import Physics
from osil.worlds.conditions import Conditions
from osil.worlds.tracker import TrackerConfig


def test_nothing_is_changed_unless_it_is_asked_for() -> None:
    assert Conditions().physics() == Physics()
    assert Conditions().blocks == NOMINAL


def test_they_multiply_what_is_nominal() -> None:
    physics, nominal = Conditions(friction=1.1, mass=0.9, size=1.25).physics(), Physics()
    assert physics.block_friction == pytest.approx(1.1 * nominal.block_friction)
    assert physics.block_mass == pytest.approx(0.9 * nominal.block_mass)
    assert physics.blocks.size == pytest.approx(1.25 * NOMINAL.size)
    assert (physics.finger_friction, physics.solver_iterations) == (nominal.finger_friction, nominal.solver_iterations)


def test_only_the_size_of_the_blocks_is_geometric() -> None:
    assert Conditions().geometric
    assert Conditions(size=SMALLEST / NOMINAL.size).geometric
    for other in ({"friction": 0.9}, {"mass": 1.1}, {"latency": 1}, {"tracker": TrackerConfig(rate=30.0)}):
        assert not Conditions(**other).geometric


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"mass": 0.0}, "factors"),
        ({"friction": float("nan")}, "factors"),
        ({"latency": -1}, "latency"),
        ({"size": 1.6}, "edge length"),
        ({"size": float("nan")}, "edge length"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, float], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        Conditions(**wrong)
