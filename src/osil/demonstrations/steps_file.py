"""A demonstration as MCAP records: written step by step, and read back as far as a file is whole."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from mcap.exceptions import EndOfFile
from mcap.records import Channel, Chunk, McapRecord, Message, Metadata, Schema, Statistics
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.well_known import MessageEncoding
from mcap.writer import CompressionType
from mcap_ros2.writer import Writer
from numpy.typing import NDArray

from osil.core import Action, Observation
from osil.demonstrations.file_topics import STEPS, TOPICS, FileTopic, decoder
from osil.demonstrations.names import to_text
from osil.demonstrations.replay import ReplayMessages, ReplayStep, header
from osil.errors import DemonstrationError
from osil.files import check_ordinary
from osil.robots.frames import GRIPPER_FRAME

METADATA = "osil"
CHECKSUM = "sha256"

WHOLE_CHUNK = 2**13
"""Bytes of steps that go into a chunk of a file that is written in one go: what is lost where it is cut off."""

LARGEST = 2**28
"""Bytes of a file; a demonstration of an hour has as many. What is larger is something else, and is not read."""


class _RosWriter(Writer):
    """Writes messages on our topics. Nothing is compressed: so damaged bytes cannot ask for any amount of memory."""

    def __init__(self, file: IO[bytes], chunk_size: int) -> None:
        super().__init__(file, chunk_size, CompressionType.NONE)
        self._schemas: dict[FileTopic, Schema] = {}

    def write(self, topic: FileTopic, message: Any, stamp: int, sequence: int) -> None:
        """Write a message of ``stamp`` nanoseconds."""
        if topic not in self._schemas:
            schema = self._schemas[topic] = self.register_msgdef(topic.message, topic.definition)
            self._channel_ids[topic.name] = self._writer.register_channel(
                topic.name, MessageEncoding.CDR, schema.id, topic.metadata
            )
        self.write_message(topic.name, self._schemas[topic], message, log_time=stamp, sequence=sequence)


class StepWriter:
    """Writes a metadata record, then steps. MCAP has checksums for chunks of steps; metadata get one of their own."""

    def __init__(self, file: IO[bytes], chunk_size: int = WHOLE_CHUNK) -> None:
        """``chunk_size``: bytes after which a chunk is complete; 1: each message is one, whole once it is flushed."""
        self._writer = _RosWriter(file, chunk_size)
        self._replay: ReplayMessages | None = None
        self._count = 0

    def describe(self, metadata: Mapping[str, str], replay: ReplayMessages | None) -> None:
        """Write what holds for all steps.

        Args:
            metadata: of the demonstration.
            replay: what makes the messages to look at; None: there are none.
        """
        self._writer.add_metadata(METADATA, {**metadata, CHECKSUM: _checksum(metadata)})
        self._replay = replay

    def append(self, observation: Observation, action: Action, stamp: int, seen: ReplayStep | None) -> None:
        """Write the next step, of no leading dimensions, seen at ``stamp`` nanoseconds.

        What there is to look at comes first, so that no step is without it where a file is cut off.
        """
        if self._replay is not None and seen is not None:
            first = self._replay.latched(stamp) if self._count == 0 else {}
            for topic, message in {**first, **self._replay.step(seen, stamp)}.items():
                self._writer.write(topic, message, stamp, self._count)
        message = {
            "header": header(stamp, GRIPPER_FRAME),
            "block_positions": [_xyz(position) for position in observation.block_positions],
            "block_yaws": observation.block_yaws.tolist(),
            "gripper_opening": float(observation.gripper_opening),
            "displacement": _xyz(action.displacement),
            "yaw_step": float(action.yaw_step),
            "close_gripper": bool(action.close_gripper),
        }
        self._writer.write(STEPS, message, stamp, self._count)
        self._count += 1

    def finish(self) -> None:
        """Write the end of the file, without which it is not whole."""
        self._writer.finish()  # type: ignore[no-untyped-call]


@dataclass
class Contents:
    """What could be read of a file, from its beginning up to its end or to the first damage.

    Attributes:
        metadata: of the demonstration; empty if none came.
        steps: decoded messages, in order.
        shown: the messages to look at, as bytes in their order, by the name of the topic.
        problem: what is wrong where reading ended; empty if the file is whole.
        cut: it ends too early, and is right as far as it goes.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    steps: list[Any] = field(default_factory=list)
    shown: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    problem: str = ""
    cut: bool = False


def read_contents(path: Path) -> Contents:
    """Read a file as far as it is whole; what is read is what was written.

    Raises:
        DemonstrationError: there is no such file, or it cannot be one of a demonstration.
    """
    return contents_of(read_bytes(path))


def contents_of(data: bytes) -> Contents:
    """What ``data`` of a file hold, as far as they are whole."""
    contents = Contents()
    try:
        _read_into(contents, data)
    except EndOfFile:
        contents.problem, contents.cut = "it ends too early", True
    except Exception as error:  # damaged bytes make the decoders fail in many ways; all mean the same to the caller
        contents.problem = f"it is damaged: {error or type(error).__name__}"
    return contents


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """What is in a file of at most ``most`` bytes.

    Raises:
        DemonstrationError: it cannot be read, is no ordinary file, or larger.
    """
    check_ordinary(path, DemonstrationError)
    try:
        if path.stat().st_size <= most:
            return path.read_bytes()
    except OSError as error:
        raise DemonstrationError(f"cannot read {to_text(path)}: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise DemonstrationError(f"cannot read {str(path)!r}: {error}") from error
    raise DemonstrationError(
        f"{to_text(path)}: expected a file of at most {most} bytes, got a larger one; give another"
    )


def _read_into(contents: Contents, data: bytes) -> None:
    decode, expected = decoder(STEPS), -1
    schemas: dict[int, str] = {}
    channels: dict[int, FileTopic] = {}
    for record in _records(data):
        if isinstance(record, Metadata) and record.name == METADATA:
            contents.metadata = record.metadata
        elif isinstance(record, Schema):
            schemas[record.id] = _known_message(record)
        elif isinstance(record, Channel):
            channels[record.id] = _known_topic(record, schemas)
        elif isinstance(record, Message):
            topic = channels[record.channel_id]
            before = len(contents.steps if topic is STEPS else contents.shown[topic.name])
            if record.sequence != before:
                raise ValueError(f"message {record.sequence} on {topic.name} comes after {before} of them")
            if topic is STEPS:
                contents.steps.append(decode(record.data))
            else:
                contents.shown[topic.name].append(record.data)
        elif isinstance(record, Statistics):
            expected = record.message_count
    found = len(contents.steps) + sum(len(messages) for messages in contents.shown.values())
    if expected != found:
        raise ValueError(f"{found} messages of {expected} are there")


def _records(data: bytes) -> Iterator[McapRecord]:
    """What is in a file, chunks taken apart; raises ValueError for a compressed one, which might ask for any memory."""
    for record in StreamReader(BytesIO(data), emit_chunks=True, validate_crcs=True).records:
        if not isinstance(record, Chunk):
            yield record
        elif record.compression:
            raise ValueError(f"expected steps that are not compressed, got compression {record.compression!r}")
        else:
            yield from breakup_chunk(record, validate_crc=True)


def _known_message(schema: Schema) -> str:
    """The type of messages that a schema defines as we do; else raises ValueError."""
    if (schema.name, schema.data) not in {(topic.message, topic.definition.encode()) for topic in TOPICS.values()}:
        raise ValueError(f"expected messages of ours, such as {STEPS.message}, got {schema.name!r}")
    return schema.name


def _known_topic(channel: Channel, schemas: Mapping[int, str]) -> FileTopic:
    """The topic of a channel that is one of ours; else raises ValueError."""
    topic = TOPICS.get(channel.topic)
    if topic is None or channel.message_encoding != MessageEncoding.CDR or schemas[channel.schema_id] != topic.message:
        raise ValueError(
            f"expected {MessageEncoding.CDR} on one of {', '.join(TOPICS)}, got {channel.message_encoding} on "
            f"{channel.topic!r}"
        )
    return topic


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata without their checksum.

    Raises:
        DemonstrationError: the checksum does not fit them.
    """
    plain = {key: value for key, value in metadata.items() if key != CHECKSUM}
    if metadata.get(CHECKSUM) != _checksum(plain):
        raise DemonstrationError(f"the metadata record {METADATA!r} is damaged: its checksum does not fit")
    return plain


def _checksum(metadata: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(metadata, sort_keys=True).encode()).hexdigest()


def _xyz(vector: NDArray[Any]) -> dict[str, float]:
    return dict(zip("xyz", vector.tolist(), strict=True))
