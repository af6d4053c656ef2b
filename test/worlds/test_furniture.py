"""The furniture: a table that stands on the floor under all blocks, out of the arm's base."""

from __future__ import annotations

import numpy as np

from osil.robots.robot import load_robot
from osil.worlds.furniture import furniture


def test_the_top_carries_every_place_of_a_block_and_the_legs_carry_the_top() -> None:
    fetch = load_robot("fetch")
    top, *legs = furniture(fetch)
    low, high = np.array(top.position) - 0.5 * np.array(top.size), np.array(top.position) + 0.5 * np.array(top.size)
    near, far, aside = fetch.table.extent
    assert (low[:2] < [near, -aside]).all()
    assert (high[:2] > [far, aside]).all()
    np.testing.assert_allclose(high[2], fetch.table.height)
    assert len(legs) == 4
    for leg in legs:
        np.testing.assert_allclose(leg.position[2] - 0.5 * leg.size[2], 0.0, atol=1e-12)
        np.testing.assert_allclose(leg.position[2] + 0.5 * leg.size[2], low[2], atol=1e-12)


def test_an_arm_without_a_base_stands_on_a_pedestal() -> None:
    pedestal = furniture(load_robot("ur5e"))[-1]
    np.testing.assert_allclose(pedestal.position[2] + 0.5 * pedestal.size[2], load_robot("ur5e").base_height)
