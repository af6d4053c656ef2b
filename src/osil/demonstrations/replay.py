"""What RViz and Foxglove show of a demonstration: the robot and the blocks in the base frame. No policy sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osil.core import NANOSECONDS, Scene
from osil.demonstrations.file_topics import JOINT_STATES, ROBOT_DESCRIPTION, TF, TF_STATIC, FileTopic, decoder
from osil.robots.frames import BASE_FRAME, Frame, LinkFrames
from osil.robots.urdf import parse_joints


@dataclass(frozen=True, eq=False)
class ReplayStep:
    """The scene at the stamp of a step.

    Attributes:
        joints: positions by name, radians or metres.
        scene: the blocks, base frame, no leading dimensions.
    """

    joints: Mapping[str, float]
    scene: Scene


@dataclass(frozen=True, eq=False)
class Replay:
    """A demonstration to look at.

    Attributes:
        description: of the robot, see ``robots/description.py``.
        steps: one for each of the demonstration.
    """

    description: str
    steps: Sequence[ReplayStep]


class ReplayMessages:
    """The messages of which a replay is made, as dictionaries."""

    def __init__(self, description: str, block_names: Sequence[str]) -> None:
        """
        Args:
            description: of the robot.
            block_names: in the order of the blocks in all steps.
        """
        self._description, self._block_names = description, block_names
        self._links = LinkFrames(parse_joints(description, "the robot's description"))

    def latched(self, stamp: int) -> dict[FileTopic, Any]:
        """What comes before the first step, of ``stamp`` nanoseconds."""
        return {ROBOT_DESCRIPTION: {"data": self._description}, TF_STATIC: _transforms(self._links.fixed, stamp)}

    def step(self, step: ReplayStep, stamp: int) -> dict[FileTopic, Any]:
        """What comes with each step, of ``stamp`` nanoseconds."""
        frames = [*self._links.moving(step.joints), *self._blocks(step.scene)]
        joints = {"name": list(step.joints), "position": list(step.joints.values()), "velocity": [], "effort": []}
        return {JOINT_STATES: {"header": header(stamp), **joints}, TF: _transforms(frames, stamp)}

    def _blocks(self, scene: Scene) -> Iterable[Frame]:
        for name, position, yaw in zip(self._block_names, scene.block_positions, scene.block_yaws, strict=True):
            yield Frame(BASE_FRAME, name, position, np.array([0.0, 0.0, np.sin(0.5 * yaw), np.cos(0.5 * yaw)]))


def header(stamp: int, frame: str = "") -> dict[str, Any]:
    """The header of a message of ``stamp`` nanoseconds."""
    sec, nanosec = divmod(stamp, NANOSECONDS)
    return {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": frame}


def _transforms(frames: Iterable[Frame], stamp: int) -> dict[str, Any]:
    return {
        "transforms": [
            {
                "header": header(stamp, frame.parent),
                "child_frame_id": frame.child,
                "transform": {
                    "translation": dict(zip("xyz", frame.position.tolist(), strict=True)),
                    "rotation": dict(zip("xyzw", frame.quaternion.tolist(), strict=True)),
                },
            }
            for frame in frames
        ]
    }


def read_replay(messages: Mapping[str, Sequence[bytes]], steps: int, block_names: Sequence[str]) -> Replay | None:
    """The replay of so many steps in what was read of a file, by the names of its topics; None: there is none."""
    described = messages.get(ROBOT_DESCRIPTION.name, ())
    joint_states, transforms = messages.get(JOINT_STATES.name, ()), messages.get(TF.name, ())
    if not described or min(len(joint_states), len(transforms)) < steps:
        return None
    decode_joints, decode_transforms = decoder(JOINT_STATES), decoder(TF)
    return Replay(
        decoder(ROBOT_DESCRIPTION)(described[0]).data,
        [
            ReplayStep(_joints(decode_joints(joints)), _scene(decode_transforms(frames), block_names))
            for joints, frames in zip(joint_states[:steps], transforms[:steps], strict=True)
        ],
    )


def _joints(message: Any) -> dict[str, float]:
    return dict(zip(message.name, message.position, strict=True))


def _scene(message: Any, block_names: Sequence[str]) -> Scene:
    by_name = {one.child_frame_id: one.transform for one in message.transforms}
    blocks = [by_name[name] for name in block_names]
    places, turns = [block.translation for block in blocks], [block.rotation for block in blocks]
    return Scene(
        np.array([[place.x, place.y, place.z] for place in places]),
        np.array([2.0 * np.arctan2(turn.z, turn.w) for turn in turns]),
    )
