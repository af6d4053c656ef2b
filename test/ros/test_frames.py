"""What ROS tools are told of robot and blocks: a description, a whole tree of frames, and cubes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from transforms3d.quaternions import quat2mat
from visualization_msgs.msg import Marker, MarkerArray

from osil.core import NANOSECONDS
from osil.robots.frames import BASE_FRAME, GRIPPER_FRAME
from osil.robots.robot import load_robot
from osil.ros import convert, topics
from osil.ros.client import Client
from osil.ros.node_processes import FRAME_NODES, NodeProcesses
from osil_interfaces.msg import BlockPoseArray
from tf2_msgs.msg import TFMessage

from .spinning import SpinningNode

FETCH = load_robot("fetch")


class Viewer(SpinningNode):
    """Listens as RViz would, in a process that started late."""

    def __init__(self) -> None:
        super().__init__("viewer")
        self.transforms: dict[str, tuple[int, str, np.ndarray]] = {}  # by child: stamp, parent and matrix
        self.fixed: set[str] = set()
        self.moves: list[int] = []  # stamps at which the gripper's finger was told
        self.description = ""
        self.cubes = MarkerArray()
        self.joints: dict[int, dict[str, float]] = {}  # by stamp
        self.blocks: dict[int, BlockPoseArray] = {}
        self.create_subscription(TFMessage, topics.TF, self._take, 100)
        self.create_subscription(TFMessage, topics.TF_STATIC, self._take_fixed, topics.LATCHED)
        self.create_subscription(String, topics.ROBOT_DESCRIPTION, self._describe, topics.LATCHED)
        self.create_subscription(MarkerArray, topics.BLOCK_MARKERS, self._show, 10)
        self.create_subscription(JointState, topics.JOINT_STATES, self._store_joints, 100)
        self.create_subscription(BlockPoseArray, topics.BLOCK_POSES, self._store_blocks, 100)
        self.spin()

    def _take(self, message: TFMessage) -> None:
        for one in message.transforms:
            at, turn = one.transform.translation, one.transform.rotation
            matrix = np.eye(4)
            matrix[:3, :3] = quat2mat((turn.w, turn.x, turn.y, turn.z))
            matrix[:3, 3] = at.x, at.y, at.z
            stamp = convert.to_nanoseconds(one.header.stamp)
            self.transforms = {**self.transforms, one.child_frame_id: (stamp, one.header.frame_id, matrix)}
        if any(one.child_frame_id == "wrist_roll_link" for one in message.transforms):
            self.moves.append(convert.to_nanoseconds(message.transforms[0].header.stamp))

    def _take_fixed(self, message: TFMessage) -> None:
        self.fixed |= {one.child_frame_id for one in message.transforms}
        self._take(message)

    def _describe(self, message: String) -> None:
        self.description = message.data

    def _show(self, message: MarkerArray) -> None:
        self.cubes = message

    def _store_joints(self, message: JointState) -> None:
        self.joints[convert.to_nanoseconds(message.header.stamp)] = convert.to_joint_positions(message)

    def _store_blocks(self, message: BlockPoseArray) -> None:
        self.blocks[convert.to_nanoseconds(message.header.stamp)] = message


@pytest.fixture(scope="module")
def viewer(processes: NodeProcesses, client: Client, hand) -> Iterator[Viewer]:
    processes.start("simulation", {"num_blocks": 3})
    for node in FRAME_NODES:
        processes.start(node)
    assert hand.until(lambda: hand.stamp > 0)
    client.wait(lambda: client.count_publishers(topics.TF) == 2, "frames", 30.0)
    viewer = Viewer()
    client.wait(lambda: bool(viewer.description and viewer.fixed and viewer.cubes.markers), "frames", 30.0)
    yield viewer
    viewer.close()


def until_newest(viewer: Viewer, client: Client, frames: set[str]) -> dict[str, tuple[int, str, np.ndarray]]:
    """Transforms among which these frames, which move, are all of one time, whose joints and blocks are known."""

    def settled() -> bool:
        found[:] = [viewer.transforms]
        stamps = {found[0][frame][0] for frame in frames if frame in found[0]}
        return len(stamps) == 1 and frames <= found[0].keys() and stamps <= viewer.joints.keys() & viewer.blocks.keys()

    found: list[dict[str, tuple[int, str, np.ndarray]]] = []
    client.wait(settled, "transforms of one time", 30.0)
    return found[0]


def test_every_link_of_the_description_has_a_frame_under_the_base(viewer: Viewer, client: Client) -> None:
    links = {link.attrib["name"] for link in ElementTree.fromstring(viewer.description).findall("link")}
    assert {BASE_FRAME, GRIPPER_FRAME} <= links
    moving = links - viewer.fixed - {BASE_FRAME}
    transforms = until_newest(viewer, client, moving)
    assert links - {BASE_FRAME} <= transforms.keys()
    for link in links:
        way, frame = [link], link
        while frame != BASE_FRAME:
            frame = transforms[frame][1]
            assert frame not in way
            way.append(frame)


def test_the_gripper_is_where_the_kinematics_have_it_at_that_time(viewer: Viewer, client: Client) -> None:
    transforms = until_newest(viewer, client, {"wrist_roll_link", "torso_lift_link"})
    stamp, frame, place = transforms["wrist_roll_link"][0], GRIPPER_FRAME, np.eye(4)
    while frame != BASE_FRAME:
        place = transforms[frame][2] @ place
        frame = transforms[frame][1]
    joints = viewer.joints[stamp]
    pose = FETCH.kinematics.forward(convert.pick(joints, FETCH.arm_joints), joints[FETCH.lift_joint])
    np.testing.assert_allclose(place[:3, 3], pose.position, atol=1e-6)


def test_a_block_has_a_frame_as_old_as_its_pose_and_a_cube(viewer: Viewer, client: Client) -> None:
    transforms = until_newest(viewer, client, {"a", "b", "c"})
    stamp = transforms["a"][0]
    for block in viewer.blocks[stamp].blocks:
        _, parent, matrix = transforms[block.name]
        at = block.pose.position
        assert parent == BASE_FRAME
        np.testing.assert_allclose(matrix[:3, 3], (at.x, at.y, at.z))
    assert [marker.action for marker in viewer.cubes.markers] == [Marker.DELETEALL, *[Marker.ADD] * 3]
    assert {marker.scale.x for marker in viewer.cubes.markers[1:]} == {0.04}


def test_transforms_come_as_often_as_they_are_asked_for(viewer: Viewer, client: Client) -> None:
    """At most 30 times a second of what the simulation tells 60 times."""
    client.wait(lambda: len(viewer.moves) > 10, "transforms", 30.0)
    assert min(np.diff(viewer.moves)) >= NANOSECONDS / 30 - 1
    assert len(viewer.joints) > 1.5 * len(viewer.moves)


def test_poses_that_cannot_be_make_no_frames(viewer: Viewer, client: Client, processes: NodeProcesses) -> None:
    processes.stop(["simulation"])
    publisher = client.create_publisher(BlockPoseArray, topics.BLOCK_POSES, 1)
    client.wait(lambda: publisher.get_subscription_count() > 1, "block_frames and the viewer", 30.0)
    wrong = viewer.blocks[max(viewer.blocks)]
    wrong.blocks[0].pose.orientation.w = float("nan")
    before = viewer.transforms["a"]

    def refused() -> bool:
        wrong.header.stamp.nanosec += 1
        publisher.publish(wrong)
        return "expected finite numbers" in processes.log("block_frames").read_text()

    client.wait(refused, "a refusal", 30.0)
    assert viewer.transforms["a"] is before
    assert processes.running("block_frames")
