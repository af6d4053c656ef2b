"""What a demonstration file holds for RViz and Foxglove, as any MCAP library reads it."""

from __future__ import annotations

import json
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from osil.core import NANOSECONDS, Scene
from osil.demonstrations.file_topics import TOPICS, decoder
from osil.demonstrations.replay import Replay, ReplayStep, read_replay
from osil.demonstrations.steps_file import read_contents
from osil.demonstrations.storage import load, save
from osil.robots.description import robot_description
from osil.robots.robot import load_robot

from .made_up import NAMES, assert_same, make_demonstration

STEPS = 5
FETCH = load_robot("fetch")
STAMPS = 1_700_000_000_000_000_000 + 50_000_000 * np.arange(STEPS)


@pytest.fixture
def replay() -> Replay:
    """A Fetch that moves its arm before three blocks."""
    rng = np.random.default_rng(0)
    joints = {**FETCH.posture, **dict.fromkeys(FETCH.gripper.joints, 0.03)}
    return Replay(
        robot_description(FETCH),
        [
            ReplayStep(
                {**joints, **dict(zip(FETCH.arm_joints, rng.uniform(-1.0, 1.0, 7).tolist(), strict=True))},
                Scene(rng.uniform(0.3, 0.7, (3, 3)), rng.uniform(-0.7, 0.7, 3)),
            )
            for _ in range(STEPS)
        ],
    )


@pytest.fixture
def path(tmp_path: Path, replay: Replay) -> Path:
    save(make_demonstration(STEPS), tmp_path / "shown.mcap", "shown", NAMES, STAMPS, replay)
    return tmp_path / "shown.mcap"


def messages(path: Path) -> dict[str, list[Any]]:
    """Decoded messages of each topic, with the time at which each was logged."""
    found = defaultdict(list)
    with path.open("rb") as file:
        for _, channel, message, decoded in make_reader(
            file, decoder_factories=[DecoderFactory()]
        ).iter_decoded_messages():
            found[channel.topic].append((message.log_time, decoded))
    return found


def test_a_generic_reader_finds_robot_and_blocks_at_each_step(path: Path, replay: Replay) -> None:
    found = messages(path)
    assert {topic: len(each) for topic, each in found.items()} == {
        "/demonstration": STEPS,
        "/joint_states": STEPS,
        "/tf": STEPS,
        "/tf_static": 1,
        "/robot_description": 1,
    }
    assert found["/robot_description"][0][1].data == replay.description
    fixed = found["/tf_static"][0][1].transforms
    assert "gripper" in {one.child_frame_id for one in fixed}
    for step, stamp, (joints_time, joints), (time, frames) in zip(
        replay.steps, STAMPS, found["/joint_states"], found["/tf"], strict=True
    ):
        assert joints_time == time == stamp
        assert dict(zip(joints.name, joints.position, strict=True)) == step.joints
        by_child = {one.child_frame_id: one for one in frames.transforms}
        header = by_child["red"].header
        assert header.stamp.sec * NANOSECONDS + header.stamp.nanosec == stamp
        assert header.frame_id == "base_link"
        at = by_child["red"].transform.translation
        assert [at.x, at.y, at.z] == step.scene.block_positions[0].tolist()
        turn = by_child["wrist_roll_link"].transform.rotation
        assert 2 * np.arctan2(turn.x, turn.w) == pytest.approx(step.joints["wrist_roll_joint"], abs=1e-9)
    links = {one.child_frame_id for one in [*fixed, *found["/tf"][0][1].transforms]}
    assert {name for name in links if name.endswith("_link")} >= {"l_gripper_finger_link", "head_camera_link"}


def test_what_comes_once_is_latched_in_a_replay(path: Path) -> None:
    """rosbag2 publishes with the qualities of service that it finds here, in the numbers of rmw."""
    with path.open("rb") as file:
        channels = make_reader(file).get_summary().channels.values()
    qualities = {channel.topic: channel.metadata.get("offered_qos_profiles") for channel in channels}
    assert {topic for topic, quality in qualities.items() if quality} == {"/tf_static", "/robot_description"}
    (quality,) = json.loads(qualities["/tf_static"])
    qos = pytest.importorskip("rclpy.qos", reason="ROS 2 is not installed")
    assert quality["durability"] == qos.DurabilityPolicy.TRANSIENT_LOCAL
    assert quality["reliability"] == qos.ReliabilityPolicy.RELIABLE
    assert (quality["history"], quality["depth"]) == (qos.HistoryPolicy.KEEP_LAST, 1)
    assert quality["liveliness"] == qos.LivelinessPolicy.AUTOMATIC


def test_ros_reads_what_is_in_the_file(path: Path) -> None:
    serialization = pytest.importorskip("rclpy.serialization", reason="ROS 2 is not installed")
    pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not built")
    with path.open("rb") as file:
        for _, channel, message in make_reader(file).iter_messages():
            topic = TOPICS[channel.topic]
            package, _, kind = topic.message.partition("/msg/")
            read = serialization.deserialize_message(message.data, getattr(import_module(f"{package}.msg"), kind))
            decode = decoder(topic)
            assert decode(serialization.serialize_message(read)) == decode(message.data)


def test_what_is_shown_is_read_back(path: Path, replay: Replay) -> None:
    contents = read_contents(path)
    assert_same(read_replay(contents.shown, STEPS, NAMES), replay)
    short = {**contents.shown, "/tf": contents.shown["/tf"][1:]}
    assert read_replay(short, STEPS, NAMES) is None, "rather than frames of other steps"


def test_the_demonstration_is_the_same_without_it(path: Path, tmp_path: Path) -> None:
    save(make_demonstration(STEPS), tmp_path / "plain.mcap", "plain", NAMES, STAMPS)
    assert read_replay(read_contents(tmp_path / "plain.mcap").shown, STEPS, NAMES) is None
    plain, shown = (load(file).demonstration.observations for file in (tmp_path / "plain.mcap", path))
    np.testing.assert_array_equal(plain.block_positions, shown.block_positions)
