"""Frames and blocks as messages for tf2 and for viewers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Transform, TransformStamped, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from osil.robots.frames import Frame
from osil.ros.convert import from_poses, to_poses, to_stamp
from osil.tasks.blocks import BLOCK_COLOURS
from osil_interfaces.msg import BlockPoseArray
from tf2_msgs.msg import TFMessage


def from_frames(frames: Sequence[Frame], nanoseconds: int) -> TFMessage:
    """Where frames were at a time."""
    stamp = to_stamp(nanoseconds)
    return TFMessage(
        transforms=[
            TransformStamped(
                header=Header(stamp=stamp, frame_id=frame.parent),
                child_frame_id=frame.child,
                transform=_transform(frame),
            )
            for frame in frames
        ]
    )


def _transform(frame: Frame) -> Transform:
    (pose,) = (block.pose for block in from_poses(frame.position[None], frame.quaternion[None], [frame.child]))
    at = pose.position
    return Transform(translation=Vector3(x=at.x, y=at.y, z=at.z), rotation=pose.orientation)


def block_frames(message: BlockPoseArray) -> list[Frame]:
    """A frame of its name for each block."""
    positions, quaternions = to_poses(message.blocks)
    units = quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)
    return [
        Frame(message.header.frame_id, block.name, position, unit)
        for block, position, unit in zip(message.blocks, positions, units, strict=True)
    ]


def block_markers(message: BlockPoseArray, size: float) -> MarkerArray:
    """A cube of ``size`` (metres) for each block, in place of all cubes that were shown before."""
    edges = Vector3(x=size, y=size, z=size)
    cubes = [
        Marker(
            header=message.header,
            ns="blocks",
            id=number,
            type=Marker.CUBE,
            pose=block.pose,
            scale=edges,
            color=_colour(number),
        )
        for number, block in enumerate(message.blocks)
    ]
    return MarkerArray(markers=[Marker(header=message.header, action=Marker.DELETEALL), *cubes])


def _colour(number: int) -> ColorRGBA:
    red, green, blue = BLOCK_COLOURS[number % len(BLOCK_COLOURS)]
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)
