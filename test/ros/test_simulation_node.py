"""The simulated Fetch's own interface: layouts by service, messages of one instant, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_msgs.msg import Vector3
from std_srvs.srv import Trigger

from osil.core import Scene
from osil.robots.robot import load_robot
from osil.ros import convert
from osil.ros.client import Client
from osil.ros.node_processes import NodeProcesses
from osil_interfaces.msg import BlockPose
from osil_interfaces.srv import PushBlock, ResetScene

FETCH = load_robot("fetch")


@pytest.fixture(scope="module", autouse=True)
def running(processes: NodeProcesses, client: Client, hand) -> None:
    processes.start("simulation", {"num_blocks": 4, "seed": 3, "real_time_factor": 20})
    assert hand.until(lambda: hand.stamp > 0)


def reset(client: Client, **fields: object) -> ResetScene.Response:
    return client.call("simulation/reset", ResetScene, **fields)


def test_runs_and_reports_every_joint(hand) -> None:
    hand.wait(2.0)
    assert list(hand.joints) == list(FETCH.all_joints)
    assert hand.joints["torso_lift_joint"] == pytest.approx(FETCH.lift, abs=1e-3)


def test_the_same_seed_gives_the_same_layout(client: Client) -> None:
    first, other, again = (reset(client, num_blocks=5, seed=seed) for seed in (1, 2, 1))
    assert first.success, first.message
    assert first.blocks == again.blocks != other.blocks
    assert len(reset(client, seed=4).blocks) == 5, "as many as now"


def test_a_given_layout_is_set_up_and_stays(client: Client, hand) -> None:
    wanted = Scene(np.array([[0.60, 0.1, 0.42], [0.65, -0.1, 0.42], [0.65, -0.1, 0.46]]), np.array([0.3, 0.0, 0.1]))
    assert reset(client, blocks=convert.from_scene(wanted, "abc")).success
    hand.wait(1.0)
    scene = client.scene("abc")
    np.testing.assert_allclose(scene.block_positions, wanted.block_positions, atol=2e-3)
    np.testing.assert_allclose(scene.block_yaws, wanted.block_yaws, atol=2e-2)


def test_a_block_is_pushed_and_what_cannot_be_is_refused(client: Client) -> None:
    begin = convert.to_scene(reset(client, num_blocks=3, seed=0).blocks)
    assert client.call("simulation/push", PushBlock, block="b", velocity=Vector3(y=0.5)).success
    pushed = client.scene().block_positions - begin.block_positions
    assert pushed[1, 1] > 0.01
    np.testing.assert_allclose(pushed[[0, 2]], 0.0, atol=1e-3)
    refused = client.call("simulation/push", PushBlock, block="d", velocity=Vector3(y=0.5))
    assert not refused.success
    assert "expected one of a b c" in refused.message
    dropped = client.call("simulation/drop", Trigger)
    assert not dropped.success
    assert "hold no block" in dropped.message


def test_layouts_that_cannot_be_are_refused(client: Client) -> None:
    before = reset(client, num_blocks=3, seed=0).blocks
    apart = convert.from_scene(Scene(np.array([[0.6, 0.1, 0.42], [0.6, 0.11, 0.42]]), np.zeros(2)), "ab")
    below = convert.from_scene(Scene(np.array([[0.6, 0.1, 0.42], [0.6, -0.1, 0.30]]), np.zeros(2)), "ab")
    in_the_air = convert.from_scene(Scene(np.array([[0.6, 0.1, 0.42], [0.6, -0.1, 0.60]]), np.zeros(2)), "ab")
    beyond = convert.from_scene(Scene(np.array([[0.6, 0.1, 0.42], [0.6, -0.9, 0.42]]), np.zeros(2)), "ab")
    leaning = convert.from_scene(Scene(np.array([[0.6, 0.1, 0.42], [0.6, 0.13, 0.46]]), np.zeros(2)), "ab")
    double = [BlockPose(name="a"), BlockPose(name="a")]
    for fields, message in (
        ({"num_blocks": 200}, "200"),
        ({"num_blocks": 1}, "2 to 12"),
        ({"blocks": apart}, "inside one another"),
        ({"blocks": below}, "table"),
        ({"blocks": in_the_air}, "block b would fall"),
        ({"blocks": beyond}, "block b would fall"),
        ({"blocks": leaning}, "block b would fall"),
        ({"blocks": double}, "each once"),
    ):
        answer = reset(client, **fields)
        assert not answer.success
        assert message in answer.message
        assert answer.blocks == before or len(answer.blocks) == 3, "the scene is as it was"
