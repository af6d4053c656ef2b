"""The scene in three dimensions: robot, table, blocks with their names, and the gripper frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from viser import CameraHandle, ClientHandle, InitialCameraConfig, ViserServer

from osil import rotations
from osil.core import FloatArray
from osil.robots.kinematics import GripperPose
from osil.robots.robot import Robot
from osil.ros import convert
from osil.ros.page.blocks_drawing import BlocksDrawing
from osil.ros.page.robot_drawing import RobotDrawing
from osil.tasks.blocks import Blocks
from osil.worlds.furniture import furniture
from osil_interfaces.msg import BlockPose, UnderstoodStage

FLOOR = (219, 224, 232)

THERE = 0.5
"""Share of its edge length by which a block may be off the place at which it shall be."""

UNMOVED = 1e-3
"""Metres by which a browser may round what it looks at."""

Pose = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class View:
    """From where one looks at the scene.

    Attributes:
        eye, target: from where, and at what: ``[3]`` metres, base frame.
        field_of_view: radians, vertical.
    """

    eye: FloatArray
    target: FloatArray
    field_of_view: float


def first_view(robot: Robot, upright: bool = False) -> View:
    """How one looks at first; ``upright``: on a screen as of a phone, whose lower half the controls take."""
    x, y, _ = furniture(robot)[0].position
    target = np.array([x - 0.1, y, robot.table.height + 0.15])
    eye = target + np.array([1.35, 0.85, 0.85])
    return View(eye, target - np.array([0.0, 0.0, 0.65]), 1.0) if upright else View(eye, target, 0.75)


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
        _look(server.initial_camera, first_view(robot))

        async def settle(camera: CameraHandle) -> None:
            """A browser tells its size, and takes the first view, only some time after it has come."""
            upright = camera.image_height > camera.image_width
            if np.allclose(camera.look_at, first_view(robot, not upright).target, atol=UNMOVED):
                _look(camera, first_view(robot, upright))

        async def welcome(client: ClientHandle) -> None:
            client.camera.on_update(settle)

        server.on_client_connect(welcome)
        self._robot = RobotDrawing(self._scene, robot)
        self._gripper = self._scene.add_frame("/gripper", axes_length=0.06, axes_radius=0.002)
        self._blocks = BlocksDrawing(self._scene, "/blocks")
        self._to_come = BlocksDrawing(self._scene, "/to_come", opacity=0.3)

    def show_robot(self, joints: Mapping[str, float]) -> None:
        """Move the joints, radians or metres by name."""
        self._robot.show(joints)

    def show_gripper(self, pose: GripperPose) -> None:
        """Move the gripper frame (base frame, no leading dimensions)."""
        self._gripper.position = pose.position
        self._gripper.wxyz = rotations.wxyz(rotations.from_rpy(0.0, 0.0, float(pose.yaw)))

    def show_blocks(self, blocks: Sequence[BlockPose]) -> None:
        """Show these blocks (poses in the base frame), and no others."""
        self._blocks.show([block.name for block in blocks], *convert.to_poses(blocks), self._size)

    def mark(self, roles: Mapping[str, str]) -> None:
        """Write beside blocks, by name, what part they have in what is going on; beside all others nothing."""
        self._blocks.mark(roles)

    def show_layout_to_come(self, stages: Sequence[UnderstoodStage], blocks: Sequence[BlockPose]) -> None:
        """Show as ghosts where these stages bring blocks that are seen; none: no ghosts."""
        positions, quaternions = convert.to_poses(blocks)
        poses = dict(zip([block.name for block in blocks], zip(positions, quaternions, strict=True), strict=True))
        pairs = [(stage.source, stage.target) for stage in stages]
        to_come = layout_to_come(pairs, poses, self._size)
        self._to_come.show(
            list(to_come),
            np.array([position for position, _ in to_come.values()]).reshape(-1, 3),
            np.array([quaternion for _, quaternion in to_come.values()]).reshape(-1, 4),
            self._size,
        )


def _look(camera: InitialCameraConfig | CameraHandle, view: View) -> None:
    camera.position, camera.look_at, camera.fov = view.eye, view.target, view.field_of_view


def layout_to_come(stages: Sequence[tuple[str, str]], poses: Mapping[str, Pose], size: float) -> dict[str, Pose]:
    """Where blocks will be that are not there yet, by name.

    Args:
        stages: which block is put on which, in order.
        poses: positions ``[3]`` (metres, base frame) and quaternions ``[4]`` of the blocks that are seen, by name.
        size: edge length of the blocks, metres.
    """
    final = dict(poses)
    for source, target in stages:
        if source in poses and target in poses:
            position, quaternion = final[target]
            final[source] = position + np.array([0.0, 0.0, size]), quaternion
    return {name: pose for name, pose in final.items() if np.linalg.norm(pose[0] - poses[name][0]) > THERE * size}
