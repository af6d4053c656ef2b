"""What holds for every node: it can be asked about itself, and it hides nothing of rclpy's own."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import pytest
import yaml
from builtin_interfaces.msg import Time
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rosgraph_msgs.msg import Clock

import osil.ros
from osil.resources import resource_path
from osil.robots.frames import BASE_FRAME
from osil.ros import topics
from osil.ros.client import Client
from osil.ros.node_processes import FRAME_NODES, ROBOT_NODES, SIMULATION_NODES, NodeProcesses

from .letters import interface

NODES = (*SIMULATION_NODES, *FRAME_NODES)
SOURCES = [*Path(osil.ros.__file__).parent.glob("*.py"), *Path(__file__).parent.glob("*.py")]


def node_classes() -> list[tuple[str, ast.ClassDef]]:
    """Every class in the nodes and their tests that derives from rclpy's Node."""
    return [
        (f"{path.name}:{item.name}", item)
        for path in sorted(SOURCES)
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(item, ast.ClassDef) and any("Node" in ast.unparse(base) for base in item.bases)
    ]


@pytest.mark.parametrize(("name", "definition"), node_classes(), ids=[name for name, _ in node_classes()])
def test_no_attribute_hides_one_of_rclpys(name: str, definition: ast.ClassDef, ros: None) -> None:
    """rclpy keeps its own state beside ours: a ``self._parameters`` of ours once made every parameter query fatal."""
    bare = LifecycleNode("bare")
    taken = set(dir(bare))
    bare.destroy_node()
    own = {item.name for item in definition.body if isinstance(item, ast.FunctionDef)}
    own |= {
        target.attr
        for target in ast.walk(definition)
        if isinstance(target, ast.Attribute)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    }
    extended = {"__init__", "destroy_node"}  # meant to be overridden, by a method that calls the base's
    extended |= {name for name in taken if name.startswith("on_")}  # and what comes of a transition
    assert sorted((own & taken) - extended) == []


def test_all_nodes_are_looked_at() -> None:
    found = {name.partition(":")[0].removesuffix("_node.py") for name, _ in node_classes()}
    assert {*NODES, "keyboard", "operator"} <= found
    for node in (*NODES, "keyboard", "operator"):
        module = importlib.import_module(f"osil.ros.{node}_node")
        assert any(issubclass(item, Node) for _, item in inspect.getmembers(module, inspect.isclass))


@pytest.fixture(scope="module")
def callers(processes: NodeProcesses, client: Client, folder: Path) -> dict[str, AsyncParameterClient]:
    """Of running nodes."""
    callers = {node: AsyncParameterClient(client, node) for node in NODES}
    for node in NODES:
        processes.start(node, {"demonstrations": str(folder)} if node in ("recorder", "policy") else None)
    return callers


@pytest.mark.parametrize("node", NODES)
def test_a_node_answers_about_its_parameters_and_lives_on(
    node: str, callers: dict[str, AsyncParameterClient], processes: NodeProcesses, client: Client
) -> None:
    caller = callers[node]

    def answer(future):
        client.wait(future.done, f"parameters of {node}", 30.0)
        return future.result()

    client.wait(caller.services_are_ready, f"parameters of {node}", 30.0)
    client.meet(node)
    names = list(answer(caller.list_parameters()).result.names)
    assert "use_sim_time" in names
    assert len(names) > 2
    values = answer(caller.get_parameters(names)).values
    assert all(value.type != ParameterType.PARAMETER_NOT_SET for value in values)
    assert list(answer(caller.get_parameter_types(names)).types) == [value.type for value in values]
    assert len(answer(caller.describe_parameters(names)).descriptors) == len(names)
    own = next(name for name in names if name not in ("use_sim_time", "start_type_description_service"))
    refused = answer(caller.set_parameters([Parameter(own, Parameter.Type.STRING, "x" * 1000)])).results[0]
    assert not refused.successful
    assert refused.reason
    answer(caller.get_parameters(["there_is_none"]))
    assert list(answer(caller.get_parameters(names)).values) == list(values)
    assert processes.running(node)


def published(client: Client) -> dict[str, str]:
    """The type of each topic in the graph."""
    return {topic: kinds[0] for topic, kinds in client.get_topic_names_and_types() if client.count_publishers(topic)}


def test_viewers_find_what_they_show(callers: dict[str, AsyncParameterClient], client: Client) -> None:
    """RViz and Foxglove by their configurations, of which the one shows in 3D what the other does."""
    rviz = yaml.safe_load(resource_path("config", "osil.rviz").read_text())["Visualization Manager"]
    rviz_topics = {
        display[name]["Value"]
        for display in rviz["Displays"]
        for name in ("Topic", "Description Topic")
        if name in display
    }
    layout = json.loads(resource_path("config", "foxglove_layout.json").read_text())
    panels = layout["configById"]
    scene = panels["3D!scene"]
    assert {*scene["topics"], scene["layers"]["robot"]["topic"]} == rviz_topics
    assert (
        rviz["Global Options"]["Fixed Frame"] == scene["followTf"] == scene["layers"]["floor"]["frameId"] == BASE_FRAME
    )
    assert set(re.findall(r'"(\w+!\w+)"', json.dumps(layout["layout"]))) == set(panels), "each has its place"
    paths = [one["value"] for panel in panels.values() for one in panel.get("paths", [])]
    paths += [panel["topicPath"] for panel in panels.values() if "topicPath" in panel]
    fields = {tuple(path.split(".")) for path in paths}
    wanted = {*rviz_topics, "/diagnostics", *(topic for topic, *_ in fields), f"/{topics.TF}", f"/{topics.TF_STATIC}"}
    client.wait(lambda: wanted <= set(published(client)), "topics of viewers", 60.0)
    for topic, *names in fields:
        value = interface(published(client)[topic])()
        for name in names:
            value = getattr(value, name)


def test_a_message_that_rclpy_cannot_take_ends_no_node(
    callers: dict[str, AsyncParameterClient], processes: NodeProcesses, client: Client
) -> None:
    clock = client.create_publisher(Clock, "/clock", 1)
    setters = [client.create_client(SetParametersAtomically, f"{node}/set_parameters_atomically") for node in callers]
    client.wait(lambda: all(setter.service_is_ready() for setter in setters), "services", 30.0)
    client.wait(lambda: clock.get_subscription_count() >= len(ROBOT_NODES), "the nodes", 30.0)
    wrong = SetParametersAtomically.Request(parameters=[ParameterMessage(name="x", value=ParameterValue(type=255))])
    for setter in setters:
        setter.call_async(wrong)
    clock.publish(Clock(clock=Time(sec=-5)))
    client.scene()
    for node, caller in callers.items():
        client.wait(caller.list_parameters().done, f"parameters of {node}", 30.0)
        assert processes.running(node)
