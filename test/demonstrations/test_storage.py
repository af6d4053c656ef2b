"""Demonstration files: what is read back, what other programs read, and what damaged files lead to."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import CompressionType
from mcap_ros2.decoder import DecoderFactory

from osil.core import Action, Demonstration, Observation
from osil.demonstrations.file_topics import STEP_DEFINITION, STEPS
from osil.demonstrations.storage import StoredDemonstration, load, save
from osil.errors import DemonstrationError

from .made_up import NAMES, make_demonstration, make_replay

INTERFACES = Path(__file__).parents[2] / "src" / "osil_interfaces" / "msg"


def arrays(demonstration: Demonstration[Observation, Action]) -> list[np.ndarray]:
    o, a = demonstration.observations, demonstration.actions
    return [o.block_positions, o.gripper_opening, o.block_yaws, a.displacement, a.close_gripper, a.yaw_step]


def fields(definition: str) -> list[str]:
    lines = (line.split("#")[0].split() for line in definition.splitlines())
    return [" ".join(line) for line in lines if line]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "shown.mcap"
    save(make_demonstration(), file, "shown", NAMES)
    return file


def test_reads_back_exactly_what_was_saved(tmp_path: Path) -> None:
    demonstration = make_demonstration()
    stamps = np.arange(40) * 53_000_000 + 1_700_000_000_123_456_789
    save(demonstration, tmp_path / "a.mcap", "towers", NAMES, stamps)
    stored = load(tmp_path / "a.mcap")
    for saved, read in zip(arrays(demonstration), arrays(stored.demonstration), strict=True):
        np.testing.assert_array_equal(saved, read)
    np.testing.assert_array_equal(stored.stamps, stamps)
    assert (stored.name, stored.block_names, stored.control_period) == ("towers", NAMES, 0.05)
    assert stored.duration == pytest.approx(39 * 0.053)


def test_a_generic_mcap_reader_understands_the_file(path: Path) -> None:
    with path.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        assert reader.get_header().profile == "ros2"
        items = list(reader.iter_decoded_messages())
    schema, channel, message, step = items[7]
    assert (schema.name, schema.encoding) == (STEPS.message, "ros2msg")
    assert (channel.topic, channel.message_encoding, len(items)) == ("/demonstration", "cdr", 40)
    assert message.log_time == step.header.stamp.sec * 10**9 + step.header.stamp.nanosec
    assert step.block_positions[2].y == make_demonstration().observations.block_positions[7, 2, 1]


@pytest.mark.skipif(not INTERFACES.exists(), reason="osil_interfaces is not beside this checkout")
def test_definition_in_the_file_is_that_of_osil_interfaces() -> None:
    assert fields((INTERFACES / "DemonstrationStep.msg").read_text()) == fields(STEP_DEFINITION)


def test_bytes_in_the_file_are_what_ros_serialises(path: Path) -> None:
    serialization = pytest.importorskip("rclpy.serialization", reason="ROS 2 is not installed")
    interfaces = pytest.importorskip("osil_interfaces.msg", reason="osil_interfaces is not built")
    with path.open("rb") as file:
        _, _, message = next(iter(make_reader(file).iter_messages()))
    step = serialization.deserialize_message(message.data, interfaces.DemonstrationStep)
    seen, done = make_demonstration().observations[0], make_demonstration().actions[0]
    assert [[p.x, p.y, p.z] for p in step.block_positions] == seen.block_positions.tolist()
    assert list(step.block_yaws) == seen.block_yaws.tolist()
    assert (step.gripper_opening, step.yaw_step) == (seen.gripper_opening, done.yaw_step)
    assert [step.displacement.x, step.displacement.y, step.displacement.z] == done.displacement.tolist()
    assert step.close_gripper == done.close_gripper
    assert step.header.frame_id == "gripper"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Few bytes, so that each can be damaged."""
    file = tmp_path / "small.mcap"
    save(make_demonstration(2, 2), file, "small", "cd", replay=make_replay(2, 2))
    return file


def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(small: Path) -> None:
    data = small.read_bytes()
    for length in range(len(data)):
        small.write_bytes(data[:length])
        with pytest.raises(DemonstrationError, match="record it again"):
            load(small)


def test_no_damaged_bit_gives_another_demonstration(small: Path) -> None:
    """One of the eight bits of each byte."""
    data, whole, refused = small.read_bytes(), load(small), 0
    for byte in range(len(data)):
        damaged = bytearray(data)
        damaged[byte] ^= 1 << byte % 8
        small.write_bytes(damaged)
        try:
            read = load(small)
        except DemonstrationError:
            refused += 1
            continue
        assert (read.name, read.block_names, read.created) == (whole.name, whole.block_names, whole.created), byte
        np.testing.assert_array_equal(read.stamps, whole.stamps)
        for one, other in zip(arrays(read.demonstration), arrays(whole.demonstration), strict=True):
            np.testing.assert_array_equal(one, other)
    assert refused > 0.4 * len(data)


@pytest.mark.parametrize("compression", [CompressionType.ZSTD, CompressionType.LZ4])
def test_a_compressed_file_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: CompressionType
) -> None:
    """A few kilobytes could ask for any amount of memory."""
    monkeypatch.setattr("osil.demonstrations.steps_file.CompressionType", SimpleNamespace(NONE=compression))
    save(make_demonstration(), tmp_path / "packed.mcap", "packed", NAMES)
    with pytest.raises(DemonstrationError, match=f"not compressed, got compression '{compression.name.lower()}'"):
        load(tmp_path / "packed.mcap")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "note.mcap").write_text("not a demonstration")
    for name in ("note.mcap", "missing.mcap", "."):
        with pytest.raises(DemonstrationError, match="not a whole|No such file|Is a directory"):
            load(tmp_path / name)


def test_unknown_schema_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osil.demonstrations.storage.SCHEMA_VERSION", 3)
    save(make_demonstration(), tmp_path / "new.mcap", "new", NAMES)
    monkeypatch.undo()
    with pytest.raises(DemonstrationError, match="expected schema version 2.*got 3"):
        load(tmp_path / "new.mcap")


def test_names_and_stamps_must_fit(tmp_path: Path) -> None:
    with pytest.raises(DemonstrationError, match="expected 3 block names"):
        save(make_demonstration(), tmp_path / "a.mcap", "a", NAMES[:2])
    with pytest.raises(DemonstrationError, match="40 stamps"):
        save(make_demonstration(), tmp_path / "a.mcap", "a", NAMES, np.arange(3))
    assert not list(tmp_path.iterdir())


def test_no_space_leaves_the_old_file_and_nothing_else(path: Path) -> None:
    """The operating system refuses to write more than 1 kB, as a full disk would."""
    before = path.read_bytes()
    script = (
        "import sys, resource; sys.path[:0] = [sys.argv[2]]\n"
        "from made_up import NAMES, make_demonstration\n"
        "from osil.demonstrations.storage import save\n"
        "from osil.errors import DemonstrationError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (1024, {resource.RLIM_INFINITY}))\n"
        "try: save(make_demonstration(400), sys.argv[1], 'big', NAMES)\n"
        "except DemonstrationError as error: assert 'cannot write' in str(error)\n"
        "else: sys.exit('the limit had no effect')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path), str(Path(__file__).parent)], check=True)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_blocks_of_a_scene_must_be_those_shown(tmp_path: Path) -> None:
    save(make_demonstration(), tmp_path / "shown.mcap", "shown", NAMES)
    stored: StoredDemonstration = load(tmp_path / "shown.mcap")
    stored.check_blocks(("blue", "green", "red"))
    with pytest.raises(DemonstrationError, match=r"about 3 blocks \(red green blue\), but 2 are seen \(red green\)"):
        stored.check_blocks(("red", "green"))
