"""What MoveIt is told agrees with the robot. MoveIt itself has no wheel: what needs a part of it is skipped."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from osil.errors import ConfigError
from osil.planning.srdf import Links
from osil.resources import resource_path
from osil.robots.robot import load_robot
from osil.ros import topics
from osil.ros.moveit_planner import MoveItPlanner, moveit_parameters
from osil.tasks.blocks import NOMINAL

FETCH = load_robot("fetch")
SRDF = ElementTree.parse(resource_path("config", "moveit", "fetch.srdf")).getroot()


def config(name: str) -> dict:
    return yaml.safe_load(resource_path("config", "moveit", name).read_text())


def disabled(*reasons: str) -> set[tuple[str, str]]:
    pairs = SRDF.findall("disable_collisions")
    return {(pair.attrib["link1"], pair.attrib["link2"]) for pair in pairs if pair.attrib["reason"] in reasons}


def test_the_srdf_says_where_the_ready_pose_is() -> None:
    joints = SRDF.findall("group_state[@name='ready']/joint")
    assert tuple(joint.attrib["name"] for joint in joints) == FETCH.arm_joints
    np.testing.assert_allclose([float(joint.attrib["value"]) for joint in joints], FETCH.ready(), atol=1e-5)
    assert tuple(joint.attrib["name"] for joint in SRDF.findall("group[@name='arm']/joint")) == FETCH.arm_joints


def test_links_that_may_collide_are_looked_at_and_such_as_always_do_are_not() -> None:
    with Links(FETCH) as links:
        assert disabled("Adjacent") == {pair for pair in links.adjacent if set(pair) <= set(links.names)}
        assert links.at_ready() <= disabled("Adjacent", "Default")
        touched = links.contacts(500, np.random.default_rng(1))
    assert not disabled("Never") & set(touched)
    assert ("torso_lift_link", "gripper_link") in touched


def test_limits_are_those_of_the_robot() -> None:
    limits = config("joint_limits.yaml")["joint_limits"]
    assert tuple(limits) == FETCH.arm_joints
    assert [limit["max_velocity"] for limit in limits.values()] == FETCH.speed.tolist()
    assert [limit["max_acceleration"] for limit in limits.values()] == FETCH.acceleration.tolist()


def test_motions_go_to_our_controller() -> None:
    manager = config("moveit_controllers.yaml")["moveit_simple_controller_manager"]
    (name,) = manager["controller_names"]
    assert f"{name}/{manager[name]['action_ns']}" == topics.PLANNED_MOTION
    assert tuple(manager[name]["joints"]) == FETCH.arm_joints


def test_moveits_own_builder_takes_it_all() -> None:
    pytest.importorskip("moveit_configs_utils", reason="moveit_configs_utils has no wheel")
    parameters = moveit_parameters(FETCH)
    assert parameters["robot_description_semantic"].count("disable_collisions") > 10
    assert parameters["planning_pipelines"]["pipeline_names"] == ["ompl"]
    assert set(parameters["robot_description_planning"]["joint_limits"]) == set(FETCH.arm_joints)
    assert parameters["plan_request_params"]["planner_id"] in parameters["ompl"]["planner_configs"]


def test_moveits_own_parser_reads_the_srdf() -> None:
    srdfdom = pytest.importorskip("srdfdom.srdf", reason="srdfdom has no wheel")
    robot = srdfdom.SRDF.from_xml_string(resource_path("config", "moveit", "fetch.srdf").read_text())
    assert {group.name for group in robot.groups} == {"arm", "gripper"}
    assert len(robot.disable_collisionss) == len(SRDF.findall("disable_collisions"))


def test_without_moveit_the_planner_is_refused_by_name() -> None:
    try:
        import moveit.planning  # noqa: F401
    except ImportError:
        with pytest.raises(ConfigError, match="moveit_py is not installed"):
            MoveItPlanner(FETCH, NOMINAL)
    else:
        pytest.skip("MoveIt is installed")
