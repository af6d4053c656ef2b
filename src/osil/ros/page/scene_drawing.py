"""The scene in three dimensions: robot, table, blocks with their names, and the gripper frame."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

import numpy as np
from transforms3d.euler import euler2quat
from viser import FrameHandle, LabelHandle, ViserServer

from osil.core import FloatArray
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot
from osil.ros import convert
from osil.ros.page.robot_drawing import RobotDrawing
from osil.tasks.blocks import BLOCK_COLOURS, Blocks
from osil.worlds.furniture import furniture
from osil_interfaces.msg import BlockPose

FLOOR = (219, 224, 232)

FIELD_OF_VIEW = 0.75
"""Radians, vertical."""


def first_view(robot: Robot) -> tuple[FloatArray, FloatArray]:
    """Where one looks from at first, and at what: ``[3]`` metres, base frame."""
    x, y, _ = furniture(robot)[0].position
    target = np.array([x - 0.1, y, robot.table.height + 0.15])
    return target + np.array([1.35, 0.85, 0.85]), target


class SceneDrawing:
    """Draws what is seen. Blocks come and go with the messages."""

    def __init__(self, server: ViserServer, robot: Robot, blocks: Blocks) -> None:
        """Draw the robot at its table.

        Raises:
            ConfigError: the robot's URDF cannot be drawn.
        """
        self._scene, self._size = server.scene, blocks.size
        self._scene.configure_default_lights(True, cast_shadow=False)
        self._scene.world_axes.visible = False
        self._scene.add_grid("/floor", 6.0, 6.0, plane="xy", cell_size=0.25, section_size=1.0, cell_color=FLOOR)
        for number, box in enumerate(furniture(robot)):
            colour = tuple(round(255 * part) for part in box.colour)
            self._scene.add_box(f"/furniture/{number}", colour, box.size, position=box.position)
        server.initial_camera.position, server.initial_camera.look_at = first_view(robot)
        server.initial_camera.fov = FIELD_OF_VIEW
        self._robot = RobotDrawing(self._scene, robot)
        self._gripper = self._scene.add_frame("/gripper", axes_length=0.06, axes_radius=0.002)
        self._blocks: dict[str, tuple[FrameHandle, LabelHandle]] = {}

    def show_robot(self, joints: Mapping[str, float]) -> None:
        """Move the joints, radians or metres by name."""
        self._robot.show(joints)

    def show_gripper(self, pose: GripperPose) -> None:
        """Move the gripper frame (base frame, no leading dimensions)."""
        self._gripper.position = pose.position
        self._gripper.wxyz = euler2quat(0.0, 0.0, float(pose.yaw))

    def show_blocks(self, blocks: Sequence[BlockPose]) -> None:
        """Show these blocks (poses in the base frame), and no others."""
        for gone in self._blocks.keys() - {block.name for block in blocks}:
            frame, _ = self._blocks.pop(gone)
            frame.remove()  # and what is in it
        positions, quaternions = convert.to_poses(blocks)
        for block, position, xyzw in zip(blocks, positions, quaternions, strict=True):
            if block.name not in self._blocks:
                self._blocks[block.name] = self._add_block(block.name)
            frame, _ = self._blocks[block.name]
            if not np.array_equal(frame.position, position):
                frame.position = position
            if not np.array_equal(frame.wxyz, wxyz := np.roll(xyzw, 1)):
                frame.wxyz = wxyz

    def mark(self, roles: Mapping[str, str]) -> None:
        """Write beside blocks, by name, what part they have in what is going on; beside all others nothing."""
        for name, (_, label) in self._blocks.items():
            text = f"{name} {roles[name]}" if name in roles else name
            if label.text != text:
                label.text = text

    def _add_block(self, name: str) -> tuple[FrameHandle, LabelHandle]:
        frame = self._scene.add_frame(f"/blocks/{name}", show_axes=False)
        colour = BLOCK_COLOURS[string.ascii_lowercase.find(name) % len(BLOCK_COLOURS)]
        red, green, blue = (round(255 * part) for part in colour)
        self._scene.add_box(f"/blocks/{name}/cube", (red, green, blue), (self._size,) * 3)
        label = self._scene.add_label(
            f"/blocks/{name}/name", name, position=(0.0, 0.0, self._size), anchor="center-center"
        )
        return frame, label
