"""The steps of a demonstration as MCAP records: written one by one, and read back as far as a file is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from mcap.exceptions import EndOfFile
from mcap.records import Channel, Message, Metadata, Schema, Statistics
from mcap.stream_reader import StreamReader
from mcap.well_known import MessageEncoding, SchemaEncoding
from mcap.writer import CompressionType
from mcap_ros2.decoder import DecoderFactory
from mcap_ros2.writer import Writer
from numpy.typing import NDArray

from osil.core import NANOSECONDS, Action, Observation
from osil.demonstrations.names import to_text
from osil.errors import DemonstrationError
from osil.files import check_ordinary
from osil.robots.frames import GRIPPER_FRAME

TOPIC = "/demonstration"
METADATA = "osil"
CHECKSUM = "sha256"

WHOLE_CHUNK = 2**13
"""Bytes of steps that go into a chunk of a file that is written in one go: what is lost where it is cut off."""

LARGEST = 2**28
"""Bytes of a file; a demonstration of ten hours has as many. What is larger is something else, and is not read."""

MESSAGE_TYPE = "osil_interfaces/msg/DemonstrationStep"
"""Its definition travels inside each file, so that any ROS 2 or MCAP tool can read it. Files are written without ROS,
so the text is kept here; a test holds it against ``osil_interfaces`` and the messages of an installed ROS 2."""

STEP_DEFINITION = """\
std_msgs/Header header
geometry_msgs/Point[] block_positions
float64[] block_yaws
float64 gripper_opening
geometry_msgs/Vector3 displacement
float64 yaw_step
bool close_gripper
"""

HEADER_DEFINITION = """\
builtin_interfaces/Time stamp
string frame_id
"""

TIME_DEFINITION = """\
int32 sec
uint32 nanosec
"""

XYZ_DEFINITION = """\
float64 x
float64 y
float64 z
"""

DEPENDENCIES = {
    "std_msgs/Header": HEADER_DEFINITION,
    "builtin_interfaces/Time": TIME_DEFINITION,
    "geometry_msgs/Point": XYZ_DEFINITION,
    "geometry_msgs/Vector3": XYZ_DEFINITION,
}

MESSAGE_DEFINITION = STEP_DEFINITION + "".join(
    f"{'=' * 80}\nMSG: {name}\n{definition}" for name, definition in DEPENDENCIES.items()
)
"""The whole definition in the ``ros2msg`` encoding of the MCAP format registry."""


class StepWriter:
    """Writes a metadata record, then steps. MCAP has checksums for chunks of steps; metadata get one of their own.

    Nothing is compressed: so damaged bytes cannot ask for any amount of memory.
    """

    def __init__(self, file: IO[bytes], chunk_size: int = WHOLE_CHUNK) -> None:
        """``chunk_size``: bytes after which a chunk is complete; 1: each step is one, and whole once it is flushed."""
        self._writer = Writer(file, chunk_size, CompressionType.NONE)
        self._schema = self._writer.register_msgdef(MESSAGE_TYPE, MESSAGE_DEFINITION)
        self._count = 0

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Write what holds for all steps."""
        self._writer.add_metadata(METADATA, {**metadata, CHECKSUM: _checksum(metadata)})

    def append(self, observation: Observation, action: Action, stamp: int) -> None:
        """Write the next step, of no leading dimensions, seen at ``stamp`` nanoseconds."""
        sec, nanosec = divmod(stamp, NANOSECONDS)
        message = {
            "header": {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": GRIPPER_FRAME},
            "block_positions": [_xyz(position) for position in observation.block_positions],
            "block_yaws": observation.block_yaws.tolist(),
            "gripper_opening": float(observation.gripper_opening),
            "displacement": _xyz(action.displacement),
            "yaw_step": float(action.yaw_step),
            "close_gripper": bool(action.close_gripper),
        }
        self._writer.write_message(TOPIC, self._schema, message, log_time=stamp, sequence=self._count)
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
        problem: what is wrong where reading ended; empty if the file is whole.
        cut: it ends too early, and is right as far as it goes.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    steps: list[Any] = field(default_factory=list)
    problem: str = ""
    cut: bool = False


def read_contents(path: Path) -> Contents:
    """Read a file as far as it is whole; what is read is what was written.

    Raises:
        DemonstrationError: there is no such file, or it cannot be one of a demonstration.
    """
    data = _read_bytes(path)
    contents = Contents()
    try:
        _read_into(contents, data)
    except EndOfFile:
        contents.problem, contents.cut = "it ends too early", True
    except Exception as error:  # damaged bytes make the decoders fail in many ways; all mean the same to the caller
        contents.problem = str(error) or type(error).__name__
    return contents


def _read_bytes(path: Path) -> bytes:
    check_ordinary(path, DemonstrationError)
    try:
        if path.stat().st_size <= LARGEST:
            return path.read_bytes()
    except OSError as error:
        raise DemonstrationError(f"cannot read {to_text(path)}: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise DemonstrationError(f"cannot read {str(path)!r}: {error}") from error
    raise DemonstrationError(
        f"{to_text(path)} is not a demonstration: expected a file of at most {LARGEST} bytes; give another"
    )


def _read_into(contents: Contents, data: bytes) -> None:
    decode, expected = _decoder(), -1
    for record in StreamReader(BytesIO(data), validate_crcs=True).records:
        if isinstance(record, Metadata) and record.name == METADATA:
            contents.metadata = record.metadata
        elif isinstance(record, Schema) and (record.name, record.data) != (MESSAGE_TYPE, MESSAGE_DEFINITION.encode()):
            raise ValueError(f"expected messages of our {MESSAGE_TYPE}, got {record.name!r}")
        elif isinstance(record, Channel) and (record.topic, record.message_encoding) != (TOPIC, MessageEncoding.CDR):
            raise ValueError(
                f"expected {MessageEncoding.CDR} on {TOPIC!r}, got {record.message_encoding} on {record.topic!r}"
            )
        elif isinstance(record, Message):
            if record.sequence != len(contents.steps):
                raise ValueError(f"step {record.sequence} comes after {len(contents.steps)} steps")
            contents.steps.append(decode(record.data))
        elif isinstance(record, Statistics):
            expected = record.message_count
    if expected != len(contents.steps):
        raise ValueError(f"{len(contents.steps)} steps of {expected} are there")


@cache
def _decoder() -> Callable[[bytes], Any]:
    schema = Schema(id=1, name=MESSAGE_TYPE, encoding=SchemaEncoding.ROS2, data=MESSAGE_DEFINITION.encode())
    decoder = DecoderFactory().decoder_for(MessageEncoding.CDR, schema)
    assert decoder is not None
    return decoder


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
