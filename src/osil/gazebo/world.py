"""The scene as an SDF world for Gazebo (gz-sim): the same table and blocks as in PyBullet."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from osil.core import Scene
from osil.robots.robot import Robot
from osil.tasks.blocks import BLOCK_COLOURS
from osil.worlds.bullet_scene import Physics
from osil.worlds.furniture import furniture

WORLD = "osil"
"""Name of the world."""

PHYSICS_STEP = 0.001
"""Seconds of one physics step."""

POSE_RATE = 50
"""Hertz at which Gazebo tells where a block is, on ``/model/NAME/pose``."""

SYSTEMS = {"physics": "Physics", "user-commands": "UserCommands", "scene-broadcaster": "SceneBroadcaster"}
"""Plugins of the world."""


def world_sdf(robot: Robot, scene: Scene, names: Sequence[str], physics: Physics) -> str:
    """An SDF document of the world without the robot, whose base frame is the world's.

    Args:
        robot: whose table it is.
        scene: the blocks, flat on the table, no leading dimensions.
        names: of the blocks: those of their models.
        physics: what the blocks are like.
    """
    root = Element("sdf", version="1.9")
    world = SubElement(root, "world", name=WORLD)
    step = SubElement(world, "physics", name="1ms", type="ignored")
    _texts(step, max_step_size=PHYSICS_STEP, real_time_factor=1.0)
    for file, system in SYSTEMS.items():
        _plugin(world, file, system)
    sun = SubElement(world, "light", name="sun", type="directional")
    _texts(sun, cast_shadows="true", pose="0 0 10 0 0 0", diffuse="0.8 0.8 0.8 1", direction="-0.5 0.1 -0.9")
    floor = _model(world, "floor", "0 0 0 0 0 0", static=True)
    for kind in ("collision", "visual"):
        plane = SubElement(SubElement(SubElement(floor, kind, name=kind), "geometry"), "plane")
        _texts(plane, normal="0 0 1", size="14 14")
    for index, box in enumerate(furniture(robot)):
        link = _model(world, f"furniture_{index}", _numbers(*box.position, 0, 0, 0), static=True)
        _add_box(link, box.size, box.colour, physics.block_friction)
    mass, size = physics.block_mass, physics.blocks.size
    for index, name in enumerate(names):
        pose = _numbers(*scene.block_positions[index], 0, 0, scene.block_yaws[index])
        link = _model(world, name, pose, static=False)
        inertial = SubElement(link, "inertial")
        _texts(inertial, mass=mass)
        moment = mass * size**2 / 6
        _texts(SubElement(inertial, "inertia"), ixx=moment, iyy=moment, izz=moment, ixy=0, ixz=0, iyz=0)
        _add_box(link, (size,) * 3, BLOCK_COLOURS[index % len(BLOCK_COLOURS)], physics.block_friction)
        teller = _plugin(world[-1], "pose-publisher", "PosePublisher")
        _texts(teller, publish_link_pose="false", publish_model_pose="true", use_pose_vector_msg="false")
        _texts(teller, update_frequency=POSE_RATE)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True)


def _model(world: Element, name: str, pose: str, static: bool) -> Element:
    """A model of one link; returns the link."""
    model = SubElement(world, "model", name=name)
    _texts(model, static=str(static).lower(), pose=pose)
    return SubElement(model, "link", name="link")


def _add_box(link: Element, size: Sequence[float], colour: Sequence[float], friction: float) -> None:
    collision, visual = SubElement(link, "collision", name="collision"), SubElement(link, "visual", name="visual")
    for part in (collision, visual):
        _texts(SubElement(SubElement(part, "geometry"), "box"), size=_numbers(*size))
    contact = SubElement(SubElement(SubElement(collision, "surface"), "friction"), "ode")
    _texts(contact, mu=friction, mu2=friction)
    _texts(SubElement(visual, "material"), ambient=_numbers(*colour, 1), diffuse=_numbers(*colour, 1))


def _plugin(parent: Element, file: str, system: str) -> Element:
    return SubElement(parent, "plugin", filename=f"gz-sim-{file}-system", name=f"gz::sim::systems::{system}")


def _texts(parent: Element, **values: object) -> None:
    for name, value in values.items():
        SubElement(parent, name).text = str(value)


def _numbers(*values: float) -> str:
    return " ".join(f"{float(value):.9g}" for value in values)
